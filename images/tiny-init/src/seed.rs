//! The files of one run: `/seed` in the initramfs mirrors the root's tree.

use crate::report::say;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{chown, lchown, symlink, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The guest's user, and its home in build guests.
const USER: u32 = 1000;
const HOME: &str = "home/ci";

/// A seed in memory, parents first.
pub struct Seed(Vec<Entry>);

struct Entry {
    /// Below the root.
    path: PathBuf,
    mode: u32,
    content: Content,
}

enum Content {
    Directory,
    File(Vec<u8>),
    Link(PathBuf),
}

impl Seed {
    /// Reads a seed, `None` if there is none. It is written once the root is `/`, so that links in
    /// the root lead where they lead in the running guest.
    pub fn read(directory: &Path) -> io::Result<Option<Seed>> {
        if !directory.exists() {
            return Ok(None);
        }
        let mut entries = Vec::new();
        read_directory(directory, Path::new(""), &mut entries)?;
        Ok(Some(Seed(entries)))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Writes it below `root` with its modes, which existing directories get too.
    pub fn write(&self, root: &Path, owner: impl Fn(&Path) -> u32) -> io::Result<()> {
        self.0.iter().try_for_each(|entry| {
            let path = root.join(&entry.path);
            entry.write(&path, owner(&entry.path)).inspect_err(|_| say!("seed: {}", path.display()))
        })
    }
}

impl Entry {
    fn write(&self, path: &Path, owner: u32) -> io::Result<()> {
        match &self.content {
            Content::Directory if path.is_dir() => {}
            Content::Directory => fs::create_dir(path)?,
            Content::Link(target) => {
                remove_if_there(path)?;
                symlink(target, path)?;
                return lchown(path, Some(owner), Some(owner));
            }
            Content::File(bytes) => {
                // The path may be a link to a file that must not change.
                remove_if_there(path)?;
                let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
                new?.write_all(bytes)?;
            }
        }
        chown(path, Some(owner), Some(owner))?;
        fs::set_permissions(path, Permissions::from_mode(self.mode))
    }
}

/// Everything belongs to root, except for the home directory of the guest's user and the keys in
/// it.
pub fn owner(path: &Path) -> u32 {
    let in_home = path.strip_prefix(HOME);
    if in_home.is_ok_and(|rest| rest == Path::new("") || rest.starts_with(".ssh")) {
        USER
    } else {
        0
    }
}

fn read_directory(directory: &Path, below: &Path, entries: &mut Vec<Entry>) -> io::Result<()> {
    for found in fs::read_dir(directory)? {
        let found = found?;
        let (source, path) = (found.path(), below.join(found.file_name()));
        let metadata = found.metadata()?;
        let mode = metadata.permissions().mode() & 0o7777;
        if metadata.is_dir() {
            entries.push(Entry { path: path.clone(), mode, content: Content::Directory });
            read_directory(&source, &path, entries)?;
        } else if metadata.is_symlink() {
            let content = Content::Link(fs::read_link(&source)?);
            entries.push(Entry { path, mode, content });
        } else {
            let content = Content::File(fs::read(&source)?);
            entries.push(Entry { path, mode, content });
        }
    }
    Ok(())
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_is_root_but_for_the_home_and_its_keys() {
        for path in ["home/ci", "home/ci/.ssh", "home/ci/.ssh/authorized_keys"] {
            assert_eq!(owner(Path::new(path)), USER, "{path}");
        }
        for path in ["etc", "home", "home/ci2", "home/ci/.sshd", "home/ci/src"] {
            assert_eq!(owner(Path::new(path)), 0, "{path}");
        }
    }

    #[test]
    fn write_replaces_files_and_links_and_keeps_modes() {
        let base = std::env::temp_dir().join(format!("tiny-init-seed-{}", std::process::id()));
        let (seed, root) = (base.join("seed"), base.join("root"));
        fs::create_dir_all(seed.join("etc/ssh")).unwrap();
        fs::create_dir_all(root.join("etc")).unwrap();
        fs::write(seed.join("etc/hostname"), "guest\n").unwrap();
        fs::write(seed.join("etc/ssh/key"), "secret").unwrap();
        fs::set_permissions(seed.join("etc/ssh/key"), Permissions::from_mode(0o600)).unwrap();
        fs::set_permissions(seed.join("etc/ssh"), Permissions::from_mode(0o700)).unwrap();
        symlink("hostname", seed.join("etc/name")).unwrap();
        fs::write(root.join("untouched"), "as it was").unwrap();
        symlink("../untouched", root.join("etc/hostname")).unwrap();

        let mine = std::os::unix::fs::MetadataExt::uid(&fs::metadata(&root).unwrap());
        let read = Seed::read(&seed).unwrap().unwrap();
        assert_eq!(read.len(), 5);
        read.write(&root, |_| mine).unwrap();
        read.write(&root, |_| mine).unwrap();

        assert_eq!(fs::read_to_string(root.join("etc/hostname")).unwrap(), "guest\n");
        assert_eq!(fs::read_to_string(root.join("untouched")).unwrap(), "as it was");
        assert_eq!(fs::read_link(root.join("etc/name")).unwrap(), Path::new("hostname"));
        let mode = |path| fs::metadata(root.join(path)).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode("etc/ssh"), mode("etc/ssh/key")), (0o700, 0o600));
        fs::remove_dir_all(&base).unwrap();
        assert!(Seed::read(&seed).unwrap().is_none());
    }
}
