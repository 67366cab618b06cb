"""Source budgets in the database, so that all workers share them."""

from watchkeeper.store.postgres import PostgresStore

Amounts = tuple[int, int, int, float]
"""queries, bytes, series, seconds"""


async def add_spending(store: PostgresStore, account: str, amounts: Amounts) -> Amounts:
    """Add to an account; its totals afterwards. Accounts of yesterday go."""
    queries, size, series, seconds = amounts
    found = await store._rows(
        "with old as (delete from spending where at < now() - interval '1 day') "
        "insert into spending (account, queries, bytes, series, seconds) values (:account, :q, :b, :s, :t) "
        "on conflict (account) do update set queries = spending.queries + excluded.queries, "
        "bytes = spending.bytes + excluded.bytes, series = spending.series + excluded.series, "
        "seconds = spending.seconds + excluded.seconds, at = now() returning queries, bytes, series, seconds",
        account=account, q=queries, b=size, s=series, t=seconds,
    )  # fmt: skip
    row = found[0]
    return int(row["queries"]), int(row["bytes"]), int(row["series"]), float(row["seconds"])
