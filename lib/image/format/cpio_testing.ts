/**
 * A reader of "newc" archives for tests, written from the kernel's description
 * (Documentation/driver-api/early-userspace/buffer-format.rst) and not from the packer.
 */

/** A member as an unpacker sees it. */
interface CpioMember {
  readonly name: string;
  readonly inode: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly mtime: number;
  readonly device: readonly [major: number, minor: number];
  readonly data: Uint8Array;
}

const HEADER_BYTES = 110;

/** Reads archives that follow each other, as the kernel does; throws where it would fail. */
export function readCpio(bytes: Uint8Array): CpioMember[] {
  const members: CpioMember[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    // Between archives the kernel skips zeros, four at a time.
    if (bytes[offset] === 0) {
      offset += 4;
      continue;
    }
    const [member, next] = readMember(bytes, offset);
    if (member.name !== "TRAILER!!!") members.push(member);
    offset = next;
  }
  return members;
}

function readMember(bytes: Uint8Array, offset: number): [CpioMember, number] {
  if (offset % 4 !== 0) throw new Error(`A header at ${offset} is not aligned`);
  const header = new TextDecoder().decode(bytes.subarray(offset, offset + HEADER_BYTES));
  if (!/^070701[0-9a-fA-F]{104}$/.test(header)) {
    throw new Error(`No header at ${offset}: ${header}`);
  }
  const field = (index: number) => parseInt(header.slice(6 + 8 * index, 14 + 8 * index), 16);
  const [size, nameBytes] = [field(6), field(11)];
  const nameAt = offset + HEADER_BYTES;
  const name = new TextDecoder().decode(bytes.subarray(nameAt, nameAt + nameBytes));
  if (!name.endsWith("\0")) throw new Error(`The name at ${nameAt} does not end with NUL`);
  const dataAt = align(nameAt + nameBytes);
  if (dataAt + size > bytes.length) throw new Error(`${name} ends beyond the archive`);
  return [{
    name: name.slice(0, -1),
    inode: field(0),
    mode: field(1),
    uid: field(2),
    gid: field(3),
    links: field(4),
    mtime: field(5),
    device: [field(9), field(10)],
    data: bytes.subarray(dataAt, dataAt + size),
  }, align(dataAt + size)];
}

const align = (offset: number): number => Math.ceil(offset / 4) * 4;
