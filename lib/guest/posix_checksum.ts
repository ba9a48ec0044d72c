/** The polynomial of POSIX's `cksum`: that of Ethernet, highest bit first. */
const POLYNOMIAL = 0x04c11db7;

/** What `cksum` prints of standard input: the checksum, which counts the length too, and the bytes. */
export function posixChecksum(bytes: Uint8Array): string {
  let crc = 0;
  const add = (byte: number) => {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? POLYNOMIAL : 0);
  };
  bytes.forEach(add);
  // The length, lowest byte first and without leading zeros.
  for (let left = bytes.length; left > 0; left = Math.floor(left / 256)) add(left % 256);
  return `${~crc >>> 0} ${bytes.length}`;
}
