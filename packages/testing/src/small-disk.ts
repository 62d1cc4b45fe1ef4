import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system of a test's own, in memory, so small that it can be filled. */
export interface SmallDisk {
  folder: string;
  /** Takes all room but so many bytes. @default 0 */
  fill(leave?: number): void;
  makeRoom(): void;
  remove(): void;
}

/** Mounts one, or answers with the reason why this system does not let us. */
export function mountSmallDisk(megabytes: number): SmallDisk | string {
  const folder = mkdtempSync(join(tmpdir(), "spectron-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder], {
      stdio: "pipe",
    });
  } catch {
    rmSync(folder, { recursive: true, force: true });
    return "This system does not let the test mount a disk of its own.";
  }
  const filler = join(folder, "filler");
  const makeRoom = (): void => {
    rmSync(filler, { force: true });
  };
  return {
    folder,
    fill(leave = 0) {
      makeRoom();
      const { bavail, bsize } = statfsSync(folder);
      try {
        writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - leave)));
      } catch (error) {
        // somebody wrote meanwhile: the disk is full all the same
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
    },
    makeRoom,
    remove() {
      // lazily: a file that something still holds open must not keep the test from ending
      execFileSync("umount", ["--lazy", folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
