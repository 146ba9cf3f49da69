//! What the README and the development stack say of the code is what the code says.

use sluice_common::domain::{Policies, UploadStatus};
use sluice_common::settings::SETTINGS;
use sluice_common::storage::STORES;

const README: &str = include_str!("../../README.md");

#[test]
fn the_table_of_settings_is_the_one_that_is_read() {
    let row = |name: &str, default: Option<&str>, meaning: &str| match default {
        None => format!("| `{name}` | must be set | {meaning} |"),
        Some("") => format!("| `{name}` | | {meaning} |"),
        Some(default) => format!("| `{name}` | `{default}` | {meaning} |"),
    };
    let rows: Vec<String> =
        SETTINGS.iter().map(|setting| row(setting.name, setting.default, setting.meaning)).collect();
    let written: Vec<&str> = README.lines().filter(|line| line.starts_with("| `SLUICE_")).collect();
    assert_eq!(written, rows, "the README's table should be:\n{}\n", rows.join("\n"));
}

#[test]
fn the_table_of_stores_is_the_one_that_is_used() {
    let yes = |can: bool| if can { "yes" } else { "no" };
    for store in STORES {
        let can = [store.path_style, store.write_once, store.sha256, store.form_post, store.events].map(yes);
        let row = format!("| `{}` | {} |\n", store.name, can.join(" | "));
        assert!(include_str!("../../docs/stores.md").contains(&row), "docs/stores.md should have the row\n{row}");
    }
}

#[test]
fn the_policies_of_a_development_stack_are_the_built_in_ones_one_for_forms_and_a_brief_one() {
    let development = Policies::parse(include_str!("../../localstack/policies.toml")).expect("valid policies");
    let built_in = Policies::built_in();
    for name in built_in.names() {
        assert_eq!(development.find(name), built_in.find(name));
    }
    assert_eq!(development.names().count(), built_in.names().count() + 2);
}

#[test]
fn the_diagram_shows_the_legal_moves() {
    let moves = UploadStatus::ALL.into_iter().flat_map(|to| {
        to.reachable_from().iter().map(move |from| format!("    {} --> {}", from.as_str(), to.as_str()))
    });
    let diagram = format!("stateDiagram-v2\n    [*] --> pending\n{}\n", moves.collect::<Vec<_>>().join("\n"));
    assert!(README.contains(&diagram), "the README's diagram should be:\n{diagram}");
}
