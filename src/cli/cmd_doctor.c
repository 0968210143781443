/* SPDX-License-Identifier: MIT
 *
 * roost doctor: is all that roost needs in order?
 */
#include <errno.h>

#include "cli/doctor.h"

static const struct {
    const char *name;
    enum style style;
} healths[] = {
    [DOCTOR_OK] = {"ok", STYLE_GOOD},
    [DOCTOR_WARN] = {"warn", STYLE_WARN},
    [DOCTOR_FAIL] = {"fail", STYLE_BAD},
};

static int add_json(json_t *checks, const char *name, const struct finding *f)
{
    return json_array_append_new(checks, json_pack("{s:s,s:s,s:s}", "name", name, "result",
                                                   healths[f->health].name, "detail", f->text));
}

static int run_doctor(struct cli *cli, struct error *err)
{
    static const char *const heads[] = {"CHECK", "RESULT", "WHAT"};
    _cleanup_(doctor_close) struct doctor doctor = {.cli = cli};
    json_auto_t *checks = json_array();
    struct table table;
    bool failed = false;
    table_open(&table, heads, ARRAY_LEN(heads));
    for (const struct doctor_check *c = doctor_checks; c->name; c++) {
        struct finding f = {0};
        c->look(&doctor, &f);
        failed |= f.health == DOCTOR_FAIL;
        (void)add_json(checks, c->name, &f);
        if (cli->quiet && f.health == DOCTOR_OK)
            continue;
        table_add(&table, c->name, STYLE_PLAIN);
        table_add(&table, healths[f.health].name, healths[f.health].style);
        table_add(&table, f.text, STYLE_PLAIN);
    }
    int r = 0;
    if (!cli->json) {
        r = cli_print_table(cli, &table, err);
    } else {
        json_auto_t *json = json_pack("{s:O}", "checks", checks);
        table_close(&table);
        r = json ? cli_print_json(json, err) : -ENOMEM;
    }
    return r < 0 ? r : failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command command_doctor = {
    .name = "doctor",
    .args = "",
    .summary = "check engine, database, daemon and disk, and say how to mend them",
    .help = "Looks at everything that roost needs: does the engine answer and which API version\n"
            "does it speak, is live-restore on, is the database whole, may we write there, is\n"
            "there room, who holds its lock, does a daemon answer, are there leftovers of\n"
            "unfinished work. Each line says what is wrong and how to mend it. Nothing is\n"
            "changed. Exit status 1 when a check fails; warnings do not count. With -q only what\n"
            "is not in order.\n"
            "\n"
            "Examples:\n"
            "  roost doctor\n"
            "  roost doctor -o json | jq '.checks[] | select(.result != \"ok\")'\n",
    .run = run_doctor,
};
