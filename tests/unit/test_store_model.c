/* SPDX-License-Identifier: MIT
 *
 * A random sequence of SQL statements and store calls against a model of a few lines: rows,
 * tombstones, generations. After each step the database must be as the model says, and who only
 * follows store_read_changes() must see the same table.
 *
 * ROOST_SEED and ROOST_STEPS choose another run; the seed is printed. */
#include "store_fixture.h"

#include <inttypes.h>
#include <time.h>

#include "base/buf.h"

#define NAMES 6

struct row {
    bool there;
    bool lazy;
    int image;
    bool held;
    int64_t generation; /* of the row or, when it is not there, of its tombstone; 0: none */
};

struct model {
    struct row rows[NAMES];
    int64_t generation;
    bool recursive; /* the client's recursive_triggers */
    uint64_t random;
    int refused, renamed, replaced, deleted, revived; /* progress */
};

static unsigned pick(struct model *m, unsigned n)
{
    m->random ^= m->random << 13; /* xorshift64 */
    m->random ^= m->random >> 7;
    m->random ^= m->random << 17;
    return (unsigned)((m->random >> 20) % n);
}

static void model_put(struct model *m, int i, struct row row)
{
    m->revived += !m->rows[i].there && m->rows[i].generation > 0;
    row.there = true;
    row.generation = ++m->generation;
    m->rows[i] = row;
}

static void model_delete(struct model *m, int i)
{
    if (!m->rows[i].there)
        return;
    m->rows[i] = (struct row){.generation = ++m->generation};
    m->deleted++;
}

static void model_rename(struct model *m, int from, int to)
{
    struct row row = m->rows[from];
    model_delete(m, from);
    model_put(m, to, row);
    m->renamed++;
}

/* A REPLACE fires the DELETE trigger of the row in the way only with recursive_triggers. */
static void model_replace(struct model *m, int i)
{
    m->generation += m->rows[i].there && m->recursive;
    m->replaced += m->rows[i].there;
}

struct step {
    char sql[256];
    bool refused; /* by a constraint */
};

#define SAY(step, ...) ((void)snprintf((step)->sql, sizeof((step)->sql), __VA_ARGS__))

/* One statement, and what the model makes of it: for agent `a`, with `fresh` as its new row. */
static void step_insert(struct model *m, struct step *step, int a, struct row fresh)
{
    static const char *const verbs[] = {"INSERT", "INSERT OR IGNORE", "REPLACE", "INSERT"};
    enum { PLAIN, IGNORE, REPLACE, UPSERT } form = pick(m, ARRAY_LEN(verbs));
    const struct row row = m->rows[a];
    SAY(step, "%s INTO agents (name, lifecycle, image) VALUES ('n%d', '%s', 'i%d')%s", verbs[form],
        a, fresh.lazy ? "lazy" : "hot", fresh.image,
        form == UPSERT ? " ON CONFLICT (name) DO UPDATE SET image = excluded.image" : "");
    step->refused = form == PLAIN && row.there;
    if (form == REPLACE)
        model_replace(m, a);
    if (!row.there || form == REPLACE)
        model_put(m, a, fresh);
    else if (form == UPSERT && row.image != fresh.image)
        model_put(m, a, (struct row){.lazy = row.lazy, .image = fresh.image, .held = row.held});
}

static void step_update(struct model *m, struct step *step, int a, struct row fresh)
{
    const char *lifecycle = fresh.lazy ? "lazy" : "hot";
    const struct row row = m->rows[a];
    if (pick(m, 2)) {
        SAY(step, "UPDATE agents SET lifecycle = '%s', image = 'i%d' WHERE name = 'n%d'", lifecycle,
            fresh.image, a);
        fresh.held = row.held;
        if (row.there && (row.lazy != fresh.lazy || row.image != fresh.image))
            model_put(m, a, fresh);
        return;
    }
    bool held = pick(m, 2);
    SAY(step, "UPDATE agents SET held = %d WHERE lifecycle = '%s'", held, lifecycle);
    for (int i = 0; i < NAMES; i++) {
        struct row other = m->rows[i];
        if (!other.there || other.lazy != fresh.lazy || other.held == held)
            continue;
        other.held = held;
        model_put(m, i, other);
    }
}

static void step_rename(struct model *m, struct step *step, int a, int b)
{
    static const char *const verbs[] = {"UPDATE", "UPDATE OR REPLACE", "UPDATE OR IGNORE"};
    enum { PLAIN, REPLACE, IGNORE } form = pick(m, ARRAY_LEN(verbs));
    bool taken = m->rows[b].there;
    SAY(step, "%s agents SET name = 'n%d' WHERE name = 'n%d'", verbs[form], b, a);
    if (!m->rows[a].there || a == b)
        return;
    step->refused = form == PLAIN && taken;
    if (taken && form != REPLACE)
        return;
    model_replace(m, b);
    model_rename(m, a, b);
}

static void step_delete(struct model *m, struct step *step, int a, struct row like)
{
    if (pick(m, 2)) {
        SAY(step, "DELETE FROM agents WHERE name = 'n%d'", a);
        model_delete(m, a);
        return;
    }
    SAY(step, "DELETE FROM agents WHERE lifecycle = '%s' AND image = 'i%d'",
        like.lazy ? "lazy" : "hot", like.image);
    for (int i = 0; i < NAMES; i++)
        if (m->rows[i].there && m->rows[i].lazy == like.lazy && m->rows[i].image == like.image)
            model_delete(m, i);
}

static void step_generation(struct model *m, struct step *step, int a)
{
    int64_t value = m->generation + (int)pick(m, 5) - 2;
    SAY(step, "UPDATE agents SET generation = %" PRId64 " WHERE name = 'n%d'", value, a);
    if (m->rows[a].there)
        m->rows[a].generation = value == m->generation ? value : ++m->generation;
}

static void make_step(struct model *m, struct step *step)
{
    int a = (int)pick(m, NAMES), b = (int)pick(m, NAMES);
    const struct row fresh = {.lazy = pick(m, 2), .image = (int)pick(m, 3)};
    switch (pick(m, 14)) {
    case 0 ... 3:
        step_insert(m, step, a, fresh);
        return;
    case 4 ... 5:
        step_update(m, step, a, fresh);
        return;
    case 6 ... 8:
        step_rename(m, step, a, b);
        return;
    case 9 ... 10:
        step_delete(m, step, a, fresh);
        return;
    case 11:
        step_generation(m, step, a);
        return;
    case 12:
        SAY(step, "BEGIN; DELETE FROM agents; UPDATE agents SET held = 1; ROLLBACK");
        return;
    default:
        m->recursive = pick(m, 2);
        SAY(step, "PRAGMA recursive_triggers = %d", m->recursive);
        return;
    }
}

/* The same through the store's calls. */
static void store_step(struct model *m, struct store *store)
{
    struct error err = ERROR_INIT;
    int a = (int)pick(m, NAMES);
    char name[16], image[16];
    struct row *row = &m->rows[a], fresh = {.lazy = pick(m, 2), .image = (int)pick(m, 3)};
    (void)snprintf(name, sizeof(name), "n%d", a);
    (void)snprintf(image, sizeof(image), "i%d", fresh.image);
    bool changed = false, held = pick(m, 2);
    struct store_agent agent = {
        .name = name, .lifecycle = fresh.lazy ? "lazy" : "hot", .image = image, .spec = "{}"};
    switch (pick(m, 4)) {
    case 0: {
        bool expected =
            !row->there || row->lazy != fresh.lazy || row->image != fresh.image || row->held;
        ROW("store_write_agent %s %s %s", name, agent.lifecycle, image);
        assert_int_equal(store_write_agent(store, &agent, &changed, &err), 0);
        assert_int_equal(changed, expected);
        if (expected)
            model_put(m, a, fresh);
        return;
    }
    case 1:
        ROW("store_delete_agent %s", name);
        assert_int_equal(store_delete_agent(store, name, &err), row->there ? 0 : -ENOENT);
        model_delete(m, a);
        return;
    case 2:
        ROW("store_set_held %s %d", name, held);
        assert_int_equal(store_set_held(store, name, held, NULL, &err), row->there ? 0 : -ENOENT);
        fresh = *row;
        fresh.held = held;
        if (row->there && row->held != held)
            model_put(m, a, fresh);
        return;
    default: {
        bool wrong = pick(m, 3) == 0;
        ROW("store_delete_tombstone %s%s", name, wrong ? " of another generation" : "");
        assert_int_equal(
            store_delete_tombstone(store, name, (uint64_t)row->generation + wrong, &err), 0);
        if (!row->there && !wrong)
            row->generation = 0;
        return;
    }
    }
}

/* What follows by changes alone. */
struct follower {
    struct row rows[NAMES];
    uint64_t generation;
    uint64_t before; /* order within one reading */
};

static struct row *follower_row(struct follower *follower, const char *name, uint64_t generation)
{
    assert_true(generation >= follower->before);
    follower->before = generation;
    return &follower->rows[name[1] - '0'];
}

static int follow_agent(void *ctx, const struct store_agent *agent)
{
    *follower_row(ctx, agent->name, agent->generation) = (struct row){
        .there = true,
        .lazy = strcmp(agent->lifecycle, "lazy") == 0,
        .image = agent->image[1] - '0',
        .held = agent->held,
    };
    return 0;
}

static int follow_tombstone(void *ctx, const struct store_tombstone *tombstone)
{
    follower_row(ctx, tombstone->name, tombstone->generation)->there = false;
    return 0;
}

static void expect_followed(struct follower *follower, const struct model *m, struct store *store)
{
    struct error err = ERROR_INIT;
    follower->before = follower->generation + 1;
    assert_int_equal(store_read_changes(store, follower->generation, follow_agent, follow_tombstone,
                                        follower, &follower->generation, &err),
                     0);
    assert_int_equal(follower->generation, m->generation);
    for (int i = 0; i < NAMES; i++) {
        const struct row *seen = &follower->rows[i], *row = &m->rows[i];
        assert_int_equal(seen->there, row->there);
        if (!row->there)
            continue;
        assert_int_equal(seen->lazy, row->lazy);
        assert_int_equal(seen->image, row->image);
        assert_int_equal(seen->held, row->held);
    }
}

static void expect_model(sqlite3 *db, const struct model *m)
{
    _cleanup_(buf_close) struct buf rows = BUF_INIT(4096);
    _cleanup_(buf_close) struct buf tombstones = BUF_INIT(4096);
    for (int i = 0; i < NAMES; i++) {
        const struct row *row = &m->rows[i];
        if (row->there)
            (void)buf_printf(&rows, "%sn%d|%s|i%d|%d|%" PRId64, rows.len ? "\n" : "", i,
                             row->lazy ? "lazy" : "hot", row->image, row->held, row->generation);
        else if (row->generation > 0)
            (void)buf_printf(&tombstones, "%sn%d|%" PRId64, tombstones.len ? "\n" : "", i,
                             row->generation);
    }
    expect_query(db, "SELECT name, lifecycle, image, held, generation FROM agents ORDER BY name",
                 buf_text(&rows));
    expect_query(db, "SELECT name, generation FROM tombstones ORDER BY name",
                 buf_text(&tombstones));
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

static void statements_do_as_the_model(void **state)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed = number_from("ROOST_SEED", (uint64_t)now.tv_nsec | 1);
    uint64_t steps = number_from("ROOST_STEPS", 3000);
    (void)printf("    ROOST_SEED=%" PRIu64 "\n", seed);
    struct model m = {.random = seed};
    struct follower follower = {0};
    struct error err = ERROR_INIT;
    _cleanup_(store_closep) struct store *store = fixture_open(*state);
    _cleanup_(client_closep) sqlite3 *db = client_open(*state);
    client_run(db, "PRAGMA synchronous = OFF");
    for (uint64_t i = 0; i < steps; i++) {
        struct step step = {0};
        if (pick(&m, 4) == 0) {
            /* A tombstone is only dropped by who has seen it. */
            expect_followed(&follower, &m, store);
            store_step(&m, store);
        } else {
            make_step(&m, &step);
            ROW("%s", step.sql);
            int rc = sqlite3_exec(db, step.sql, NULL, NULL, NULL);
            assert_int_equal(rc, step.refused ? SQLITE_CONSTRAINT : SQLITE_OK);
            m.refused += step.refused;
        }
        expect_model(db, &m);
        if (pick(&m, 3) == 0) /* several changes at once, or one */
            expect_followed(&follower, &m, store);
    }
    assert_int_equal(store_check(store, true, &err), 0);
    assert_true(m.refused > 0 && m.renamed > 0 && m.replaced > 0 && m.deleted > 0 && m.revived > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(statements_do_as_the_model, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
