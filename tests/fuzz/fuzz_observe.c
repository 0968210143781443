/* SPDX-License-Identifier: MIT
 *
 * Any bytes as a listing's row or an inspection, seen as the core sees them: ours is only what has
 * our database's label, and all that the core is told is whole.
 */
#include "base/text.h"
#include "daemon/fleet.h"
#include "engine/docker/parse.h"
#include "fuzz.h"

static struct fleet fleet;
static struct fleet_row row;

static void prepare(void)
{
    struct store_options options = {.path = ":memory:", .create = true};
    struct error err = ERROR_INIT;
    if (fleet.store)
        return;
    require(store_open(&options, &fleet.store, &err) == 0);
    require(store_set_fleet(fleet.store, "demo", &err) == 0);
    row.name = strdup("web");
    row.image = strdup("busybox");
    require(row.name && row.image);
    require(spec_parse("{\"volumes\":[\"/a:/b\"]}", "busybox", &row.spec, &err) == 0);
    HASH_ADD_KEYPTR(hh, fleet.rows, row.name, strlen(row.name), &row);
    require(row.hh.tbl != NULL);
}

static void check(const struct engine_container *c)
{
    struct observation o;
    fleet_observe(&fleet, c, &o);
    const char *db = engine_container_label(c, "roost.db");
    require(o.name && o.agent && o.compose_service);
    require(!o.ours || (db && store_has_uid(fleet.store, db)));
    require(o.status <= CONTAINER_STATUS_UNKNOWN);
    require(o.ours || o.differs == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct container_view view;
    prepare();
    /* This stands for the uid of this database, which nobody can guess. */
    char *text = fuzz_text(data, size);
    char *at = strstr(text, "########-uid-of-this-db-########");
    if (at)
        memcpy(at, store_uid(fleet.store), 32);
    if (parse_row(text, size, &view) == 0) {
        check(&view.c);
        container_view_close(&view);
    }
    if (parse_inspection(text, size, &view) == 0) {
        check(&view.c);
        container_view_close(&view);
    }
    free(text);
    return 0;
}
