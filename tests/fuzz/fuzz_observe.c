/* SPDX-License-Identifier: MIT
 *
 * Any bytes as a listing's row or an inspection, seen as the core sees them: ours is only what has
 * our database's label or is in the list of what was taken over, all that the core is told is
 * whole, and the volumes that are learned from it are its own.
 */
#include "base/text.h"
#include "daemon/fleet.h"
#include "engine/docker/parse.h"
#include "fuzz.h"

static struct fleet fleet;

/* A way of naming networks and mounts each. */
static struct fleet_row rows[3];

static struct fleet_taken taken = {.agent = "old"};

static void add_row(struct fleet_row *row, const char *name, const char *spec)
{
    struct error err = ERROR_INIT;
    row->name = strdup(name);
    row->image = strdup("busybox");
    require(row->name && row->image && spec_parse(spec, "busybox", &row->spec, &err) == 0);
    HASH_ADD_KEYPTR(hh, fleet.rows, row->name, strlen(row->name), row);
    require(row->hh.tbl != NULL);
}

static void prepare(void)
{
    struct store_options options = {.path = ":memory:", .create = true};
    struct error err = ERROR_INIT;
    if (fleet.store)
        return;
    require(store_open(&options, &fleet.store, &err) == 0);
    require(store_set_fleet(fleet.store, "demo", &err) == 0);
    add_row(&rows[0], "web", "{\"volumes\":[\"/a:/b\"]}");
    add_row(&rows[1], "db", "{\"volumes\":[\"d:/d\",\"/e\"],\"networks\":[\"n\",\"m\"]}");
    add_row(&rows[2], "host", "{\"network_mode\":\"host\",\"x-roost\":{\"follow_image\":true}}");
    memset(taken.id, 0xcd, sizeof(taken.id));
    HASH_ADD(hh, fleet.taken, id, sizeof(taken.id), &taken);
    require(taken.hh.tbl != NULL);
}

static void check_volumes(const struct engine_container *c, const struct fleet_row *row)
{
    for (size_t i = 0; i < row->n_volumes; i++) {
        bool found = false;
        for (size_t k = 0; k < c->n_mounts && !found; k++)
            found = strcmp(c->mounts[k].destination, row->volumes[i].destination) == 0;
        require(found);
    }
}

static void check(const struct engine_container *c)
{
    struct observation o;
    fleet_observe(&fleet, c, &o);
    const char *db = engine_container_label(c, "roost.db");
    require(o.name && o.agent && o.compose_service);
    require(o.by_id == (!db && memcmp(o.id, taken.id, sizeof(o.id)) == 0));
    require(!o.ours || o.by_id || (db && store_has_uid(fleet.store, db)));
    require(o.status <= CONTAINER_STATUS_UNKNOWN);
    require(o.ours || o.differs == 0);
    struct fleet_row *row = o.ours ? fleet_find_row(&fleet, o.agent) : NULL;
    if (row && !strstr(o.name, "..")) {
        fleet_learn_volumes(&fleet, c, &o);
        check_volumes(c, row);
    }
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
