//! What is asked.

use flagstaff_databases::postgresql::identifier;

use super::PostgresqlOptions;

/// Key and text of each flag, in an order that does not depend on where rows lie. With a flag set, its name is the one parameter.
pub(super) fn rows(options: &PostgresqlOptions) -> String {
    format!(
        "SELECT name, config FROM ({}) AS flags ORDER BY name, config",
        selection(options)
    )
}

/// One text that is another one whenever a row is: computed where the rows are, so that they need not be sent.
pub(super) fn summary(options: &PostgresqlOptions) -> String {
    let selection = selection(options);
    // Digests of digests: the rows themselves may be more than one text can hold.
    format!(
        "SELECT md5(coalesce(string_agg(md5(CAST(ROW(name, config) AS text)), '' ORDER BY name, config), '')) \
         FROM ({selection}) AS flags"
    )
}

/// As text whatever the types of the columns are: `json` keeps the text that was written, and one decoder does for all.
fn selection(options: &PostgresqlOptions) -> String {
    let columns = &options.columns;
    let (name, config) = (identifier(&columns.flag_name), identifier(&columns.config));
    let table = options
        .table
        .iter()
        .map(|name| identifier(name))
        .collect::<Vec<_>>()
        .join(".");
    let filter = match options.flag_set {
        Some(_) => format!(" WHERE CAST({} AS text) = $1", identifier(&columns.flag_set)),
        None => String::new(),
    };
    format!("SELECT CAST({name} AS text) AS name, CAST({config} AS text) AS config FROM {table}{filter}")
}
