/* SPDX-License-Identifier: MIT
 *
 * Any row that the table of agents takes, as a hand with sqlite3 may write it: a line each for
 * name, lifecycle, image, idle_timeout and held_reason, the rest is the spec. It is read and valid,
 * or says why it is not, and what may be shown of it is text; when it is deleted it is gone.
 */
#include "base/log.h"
#include "base/text.h"
#include "daemon/fleet.h"
#include "fuzz.h"
#include "store/internal.h"

#define COLUMNS 6

static struct store *store;
static sqlite3_stmt *insert;

static void prepare(void)
{
    struct store_options options = {.path = ":memory:", .create = true};
    struct error err = ERROR_INIT;
    static const char text[] = "INSERT INTO agents (name, lifecycle, image, idle_timeout, "
                               "held_reason, spec) VALUES (?, ?, ?, nullif(?, ''), ?, ?)";
    if (store)
        return;
    log_set_level(LOG_LEVEL_ERROR);
    require(store_open(&options, &store, &err) == 0);
    require(store_set_fleet(store, "demo", &err) == 0);
    require(sqlite3_prepare_v2(store->sql.db, text, -1, &insert, NULL) == SQLITE_OK);
}

/* What the constraints refuse is not there. */
static bool write_row(const char *text, size_t size)
{
    for (int i = 1; i <= COLUMNS; i++) {
        const char *end = i < COLUMNS ? memchr(text, '\n', size) : NULL;
        size_t len = end ? (size_t)(end - text) : size;
        require(sqlite3_bind_text(insert, i, text, (int)len, SQLITE_TRANSIENT) == SQLITE_OK);
        text += len + (end != NULL);
        size -= len + (end != NULL);
    }
    int rc = sqlite3_step(insert);
    (void)sqlite3_reset(insert);
    return rc == SQLITE_DONE;
}

static void check_row(const struct fleet_row *row)
{
    require(agent_name_is_valid(row->name) && row->image);
    require((row->spec == NULL) == (row->invalid != NULL));
    require(text_is_utf8(row->image, strlen(row->image)) && (row->invalid || *row->image));
    require(!row->held_reason || text_is_utf8(row->held_reason, strlen(row->held_reason)));
    require(!row->invalid || (*row->invalid && text_is_utf8(row->invalid, strlen(row->invalid))));
}

static void read_table(struct fleet *f)
{
    struct error err = ERROR_INIT;
    require(fleet_read_rows(f, &err) == 0);
    for (const struct fleet_row *row = f->rows; row; row = row->hh.next)
        check_row(row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    prepare();
    if (!write_row((const char *)data, size))
        return 0;
    struct core_config config = {.fleet = "demo"};
    struct error err = ERROR_INIT;
    struct fleet f = {.store = store, .core = core_new(&config)};
    require(f.core != NULL);
    read_table(&f);
    require(HASH_COUNT(f.rows) == 1);
    require(sql_exec(&store->sql, "DELETE FROM agents", &err) == 0);
    read_table(&f);
    require(HASH_COUNT(f.rows) == 0);
    require(sql_exec(&store->sql, "DELETE FROM tombstones", &err) == 0);
    fleet_free_resources(&f);
    core_free(f.core);
    return 0;
}
