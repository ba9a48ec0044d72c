//! Users and groups, read from the files: the name service of a static glibc would load plugins.

use crate::failure::{quoted, Failure};
use std::fs;

/// The user that a command runs as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
    pub home: String,
    pub shell: String,
}

/// The user of this name or number. Fails with code `unknown-user`.
pub fn find(user: &str) -> Result<Identity, Failure> {
    let passwd = fs::read("/etc/passwd").unwrap_or_default();
    let group = fs::read("/etc/group").unwrap_or_default();
    lookup(user, &String::from_utf8_lossy(&passwd), &String::from_utf8_lossy(&group))
        .ok_or_else(|| Failure::new("unknown-user", format!("there is no user {}", quoted(user))))
}

/// A number needs no entry; without one its group has the same number, and its home is `/`.
fn lookup(user: &str, passwd: &str, group: &str) -> Option<Identity> {
    let number = user.parse::<u32>().ok();
    let entry = passwd.lines().filter_map(entry).find(|entry| match number {
        Some(uid) => entry.uid == uid,
        None => entry.name == user,
    });
    let mut found = entry.or_else(|| number.map(nameless))?;
    found.groups = groups_of(&found, group);
    Some(found)
}

/// One line of passwd: `name:password:uid:gid:comment:home:shell`.
fn entry(line: &str) -> Option<Identity> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, uid, gid, _, home, shell] = fields[..] else { return None };
    Some(Identity {
        name: name.into(),
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        groups: Vec::new(),
        home: home.into(),
        shell: shell.into(),
    })
}

fn nameless(uid: u32) -> Identity {
    let name = uid.to_string();
    Identity { name, uid, gid: uid, groups: vec![], home: "/".into(), shell: "/bin/sh".into() }
}

/// The user's own group and all that list the user: `name:password:gid:member,member`.
fn groups_of(user: &Identity, group: &str) -> Vec<u32> {
    let listed = group.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let [_, _, gid, members] = fields[..] else { return None };
        let gid = gid.parse().ok()?;
        (gid != user.gid && members.split(',').any(|member| member == user.name)).then_some(gid)
    });
    std::iter::once(user.gid).chain(listed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nbroken\n\
        ci:x:1000:1001:CI,,,:/home/ci:/bin/sh\nbad:x:many:0::/:/\n";
    const GROUP: &str = "root:x:0:\nci:x:1001:\ndisk:x:6:www,ci\nother:x:7:cia\nwheel:x:8:ci\n";

    #[test]
    fn a_name_gives_ids_home_and_groups() {
        let user = lookup("ci", PASSWD, GROUP).unwrap();
        assert_eq!((user.uid, user.gid, user.home.as_str()), (1000, 1001, "/home/ci"));
        assert_eq!(user.groups, [1001, 6, 8]);
    }

    #[test]
    fn a_number_needs_no_entry() {
        assert_eq!(lookup("1000", PASSWD, GROUP).unwrap().name, "ci");
        let user = lookup("4242", PASSWD, GROUP).unwrap();
        assert_eq!((user.uid, user.gid, user.groups), (4242, 4242, vec![4242]));
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for user in ["nobody-here", "", "bad", "-1", "broken"] {
            assert_eq!(lookup(user, PASSWD, GROUP), None, "{user}");
        }
    }
}
