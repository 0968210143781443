/* SPDX-License-Identifier: MIT
 *
 * What `roost doctor` looks at: a list of checks, each of which says how it went and how to mend
 * it.
 */
#pragma once

#include "cli/cli.h"
#include "cli/engine_session.h"

enum health {
    DOCTOR_OK,
    DOCTOR_WARN,
    DOCTOR_FAIL,
};

struct finding {
    enum health health;
    char text[ERROR_TEXT_SIZE];
};

/* What one check may use of another's result. */
struct doctor {
    struct cli *cli;
    struct engine_session session; /* open when engine_answers */
    bool engine_answers;
    struct engine_facts facts;
    struct store *store; /* NULL: could not be opened */
};

struct doctor_check {
    const char *name;
    void (*look)(struct doctor *doctor, struct finding *finding);
};

/* In order, ending with a NULL name. */
extern const struct doctor_check doctor_checks[];

void doctor_close(struct doctor *doctor);
