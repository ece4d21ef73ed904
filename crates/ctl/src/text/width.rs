//! The width of the terminal, and text that fits into it.

use terminal_size::terminal_size_of;

/// The columns of the terminal on standard output, or what the variable `COLUMNS` has. `None` if neither is known: then
/// lines are as long as they are.
pub(crate) fn columns() -> Option<usize> {
    let of_terminal = terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
    let of_variable = || std::env::var("COLUMNS").ok()?.trim().parse().ok();
    of_terminal.or_else(of_variable).filter(|columns| *columns > 0)
}

/// Text in lines of at most `columns` characters, broken at spaces; all but the first are indented. A longer word is
/// cut into pieces.
pub(crate) fn wrap(text: &str, columns: usize, indent: usize) -> String {
    let mut lines = vec![String::new()];
    let mut free = columns.max(8);
    for word in text.split(' ') {
        let mut rest: Vec<char> = word.chars().collect();
        while let Some(line) = lines.last_mut() {
            let gap = usize::from(!line.is_empty());
            if gap + rest.len() <= free {
                free -= gap + rest.len();
                line.extend(std::iter::repeat_n(' ', gap));
                line.extend(&rest);
                break;
            }
            if line.is_empty() {
                let tail = rest.split_off(free);
                line.extend(&rest);
                rest = tail;
            }
            lines.push(String::new());
            free = columns.saturating_sub(indent).max(8);
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_and_nothing_is_lost() {
        let text =
            "the quick brown fox jumps over thirteen lazy dogs 0123456789012345678901234567890123456789";
        for columns in [12, 20, 60, 200] {
            let wrapped = wrap(text, columns, 2);
            assert!(wrapped.lines().all(|line| line.chars().count() <= columns), "{columns}: {wrapped}");
            let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            assert_eq!(bare(&wrapped), bare(text), "{columns}");
        }
        assert_eq!(wrap("a b", 60, 2), "a b");
        assert_eq!(wrap("aaaa bbbb cccc", 9, 2), "aaaa bbbb\n  cccc");
    }
}
