/** The script that the provisioning scripts of both systems read. */
export const SHARED_SCRIPT = "provision/bsd.sh";
