/**
 * Puts the temporary files of a run into memory. Each write of a Durable Object waits until workerd's database
 * is on the disk; on some disks a run would spend more time on that than on its tests.
 */
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";

/** Linux has it, in containers often with 64 MB only. */
const RAM_DISK = "/dev/shm";
/** Four times what a run has been seen to need. */
const ENOUGH_BYTES = 256_000_000;

/** For this process and those it starts, until it ends. Where `TMPDIR` is set, or memory is short, nothing changes. */
export function useRamDisk(): void {
  if (process.env.TMPDIR !== undefined || freeBytes() < ENOUGH_BYTES) return;
  const folder = mkdtempSync(join(RAM_DISK, "zoo-balance-"));
  process.env.TMPDIR = folder;
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
}

function freeBytes(): number {
  try {
    const { bavail, bsize } = statfsSync(RAM_DISK);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
