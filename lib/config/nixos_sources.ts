export interface FarmJob {
  /** `PROJECT/JOBSET/JOB`, as on the farm's pages. */
  readonly job: string;
  /** The product's subtype or its file name. */
  readonly product: string;
}

/** Where the parts of a NixOS guest come from. */
export interface NixosSources {
  /** Address of a Hydra, without a slash at the end. */
  readonly farm: string;
  readonly image: FarmJob;
  readonly uboot: FarmJob;
}
