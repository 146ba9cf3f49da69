//! Rows as people read them in a terminal.

/// Rows with their columns below each other. What would move the cursor is shown as `?`, whoever wrote it.
pub fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let line = |row: &[String; N]| {
        let cells =
            row.iter().enumerate().map(|(column, cell)| format!("{:<width$}", plain(cell), width = width(column)));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_as_wide_as_what_is_in_it() {
        let row = |text: &str| [text.to_owned(), text.to_owned()];
        assert_eq!(table(&[row("ID"), row("abc")]), "ID   ID\nabc  abc\n");
    }

    #[test]
    fn a_cell_stays_in_its_place() {
        assert_eq!(table(&[["a\n\u{1b}[2J".to_owned()]]), "a??[2J\n");
    }
}
