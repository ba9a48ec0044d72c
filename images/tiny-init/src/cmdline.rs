//! The kernel's command line: `guesthouse.NAME` and `guesthouse.NAME=VALUE`.

/// The words of a command line that are for guesthouse.
pub struct Words(Vec<(String, Option<String>)>);

const PREFIX: &str = "guesthouse.";

impl Words {
    /// Reads `/proc/cmdline`. What follows `--` is for init, not for the kernel or for us.
    pub fn parse(line: &str) -> Words {
        let ours = split(line).into_iter().take_while(|word| word != "--").filter_map(|word| {
            let word = word.strip_prefix(PREFIX)?;
            Some(match word.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (word.to_owned(), None),
            })
        });
        Words(ours.collect())
    }

    /// The value of a word. An empty one counts as absent. The last one counts, as for the kernel.
    pub fn value(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().rfind(|(found, _)| found == name)?;
        value.as_deref().filter(|text| !text.is_empty())
    }

    /// Whether a word is there: `Some(false)` for `=off`, `=no` and `=0`, `None` if it is absent.
    pub fn flag(&self, name: &str) -> Option<bool> {
        let (_, value) = self.0.iter().rfind(|(found, _)| found == name)?;
        Some(!matches!(value.as_deref(), Some("off" | "no" | "0")))
    }
}

/// Splits at white space, except between double quotes.
fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            _ if letter.is_whitespace() && !quoted => words.push(String::new()),
            _ => words.last_mut().expect("there is one from the start").push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_is_that_of_the_last_word_of_its_name() {
        let words = Words::parse("quiet guesthouse.root=a root=/dev/sda guesthouse.root=b=c\n");
        assert_eq!(words.value("root"), Some("b=c"));
        assert_eq!(words.value("init"), None);
    }

    #[test]
    fn value_may_be_quoted_and_empty_is_absent() {
        let words =
            Words::parse(r#"guesthouse.root="my disk" "guesthouse.init=/a b" guesthouse.x="#);
        assert_eq!(words.value("root"), Some("my disk"));
        assert_eq!(words.value("init"), Some("/a b"));
        assert_eq!(words.value("x"), None);
    }

    #[test]
    fn flag_tells_on_off_and_absent() {
        let words =
            Words::parse("guesthouse.ro guesthouse.overlay=off guesthouse.a=0 guesthouse.b=on");
        assert_eq!(words.flag("ro"), Some(true));
        assert_eq!(words.flag("overlay"), Some(false));
        assert_eq!(words.flag("a"), Some(false));
        assert_eq!(words.flag("b"), Some(true));
        assert_eq!(words.flag("first-boot"), None);
        assert_eq!(words.value("ro"), None);
    }

    #[test]
    fn words_for_init_are_left_alone() {
        assert_eq!(Words::parse("guesthouse.a=1 -- guesthouse.a=2").value("a"), Some("1"));
        assert_eq!(Words::parse("").flag("a"), None);
    }
}
