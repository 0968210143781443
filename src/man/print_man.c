/* SPDX-License-Identifier: MIT
 *
 * Prints the manual pages from the program's own tables: commands and their options, keys of a
 * compose file and what comes of each.
 *
 *     print_man roost | roost-compose
 *
 * What is not ASCII is written as groff's \[uXXXX], so that no option of man is needed to read it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "compose/compose.h"
#include "spec/keys.h"

/* ---- text ---- */

static const char *print_code_point(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    int more = u[0] >= 0xf0 ? 3 : u[0] >= 0xe0 ? 2 : 1;
    uint32_t code = u[0] & (0x3fU >> more);
    for (int i = 1; i <= more; i++)
        code = code << 6 | (u[i] & 0x3fU);
    (void)printf("\\[u%04" PRIX32 "]", code);
    return p + more + 1;
}

static const char *print_char(const char *p)
{
    if ((unsigned char)*p >= 0x80)
        return print_code_point(p);
    if (*p == '\\')
        (void)fputs("\\e", stdout);
    else if (*p == '-')
        (void)fputs("\\-", stdout);
    else if (*p == '\'')
        (void)fputs("\\(aq", stdout);
    else if (*p == '`')
        (void)fputs("\\(ga", stdout);
    else if (*p == '^')
        (void)fputs("\\(ha", stdout);
    else if (*p == '~')
        (void)fputs("\\(ti", stdout);
    else
        (void)putchar(*p);
    return p + 1;
}

/* As it stands. A dot that begins a line would be a request. */
static void print_text(const char *text)
{
    bool begins = true;
    while (*text != '\0') {
        if (begins && *text == '.')
            (void)fputs("\\&", stdout);
        begins = *text == '\n';
        text = print_char(text);
    }
}

/* The Markdown of the tables: `code` is bold, of [text](link) the text stays. */
static void print_marked(const char *text)
{
    bool code = false;
    (void)fputs("\\&", stdout);
    while (*text != '\0') {
        const char *end = *text == '[' && !code ? strstr(text, "](") : NULL;
        if (*text == '`') {
            code = !code;
            (void)fputs(code ? "\\fB" : "\\fR", stdout);
            text++;
        } else if (end) {
            for (text++; text < end;)
                text = print_char(text);
            text += strcspn(text, ")") + 1;
        } else {
            text = print_char(text);
        }
    }
}

static void print_head(const char *name, const char *section, const char *summary)
{
    (void)printf(".TH %s %s \"\" \"roost " ROOST_VERSION "\" \"roost\"\n.ad l\n.nh\n.SH NAME\n",
                 name, section);
    print_text(name);
    (void)fputs(" \\- ", stdout);
    print_text(summary);
    (void)fputs("\n", stdout);
}

/* ---- roost(1) ---- */

static void print_options(const struct option_def *options)
{
    for (const struct option_def *o = options; o && o->name; o++) {
        (void)fputs(".TP\n\\fB", stdout);
        if (o->letter)
            (void)printf("\\-%c\\fR, \\fB", o->letter);
        (void)fputs("\\-\\-", stdout);
        print_text(o->name);
        (void)fputs("\\fR", stdout);
        if (o->arg) {
            (void)fputs(" \\fI", stdout);
            print_text(o->arg);
            (void)fputs("\\fR", stdout);
        }
        (void)fputs("\n", stdout);
        print_text(o->help);
        (void)fputs("\n", stdout);
    }
}

static void print_one_command(const struct command *command)
{
    (void)fputs(".SS \"roost ", stdout);
    print_text(command->name);
    if (command->args[0])
        (void)fputs(" ", stdout);
    print_text(command->args);
    if (command->takes_rest)
        (void)fputs(" [\\-\\- COMMAND\\[u2026]]", stdout);
    (void)fputs("\"\n", stdout);
    print_text(command->summary);
    (void)fputs(".\n", stdout);
    print_options(command->options);
    if (!command->help)
        return;
    (void)fputs(".PP\n.nf\n", stdout);
    print_text(command->help);
    (void)fputs("\n.fi\n", stdout);
}

static void print_roost(void)
{
    print_head("roost", "1", "keep a fleet of containers awake, or asleep, as its table says");
    (void)fputs(".SH SYNOPSIS\n\\fBroost\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR\\[u2026]] "
                "[\\fIARGUMENT\\fR\\[u2026]]\n.SH OPTIONS\nWith every command:\n",
                stdout);
    print_options(global_options);
    (void)fputs(".SH COMMANDS\n", stdout);
    for (size_t i = 0; all_commands[i]; i++)
        print_one_command(all_commands[i]);
    (void)fputs(".SH EXIT STATUS\n.TP\n0\ndone\n.TP\n1\nfailed\n.TP\n2\nwrong usage\n.TP\n3\n"
                "\\fBroost plan\\fR: there is something to do\n.TP\n4\nengine or daemon cannot be "
                "reached\n.SH SEE ALSO\n\\fBroost\\-compose\\fR(5), \\fBdocker\\fR(1)\n",
                stdout);
}

/* ---- roost-compose(5) ---- */

static void print_keys(unsigned flag)
{
    const unsigned fates = KEY_WARNED | KEY_REFUSED;
    for (size_t i = 0; key_at(i); i++) {
        const struct key *key = key_at(i);
        if ((key->flags & fates) != flag)
            continue;
        (void)fputs(".TP\n\\fB", stdout);
        print_text(key->name);
        (void)fputs("\\fR\n", stdout);
        print_marked(key->takes);
        (void)fputs(key->does ? ".\n" : "\n", stdout);
        if (!key->does)
            continue;
        print_marked(key->does);
        (void)fputs("\n", stdout);
    }
}

static void print_resource_keys(bool network)
{
    const char *takes, *name;
    for (size_t i = 0; (name = compose_resource_key(network, i, &takes)); i++) {
        (void)fputs(".TP\n\\fB", stdout);
        print_text(name);
        (void)fputs("\\fR\n", stdout);
        print_marked(takes);
        (void)fputs("\n", stdout);
    }
}

static void print_compose(void)
{
    print_head("roost-compose", "5", "what roost makes of each key of a compose file");
    (void)fputs(
        ".SH DESCRIPTION\nA service of the file is an agent. \\fBroost apply\\fR writes it "
        "into the table, \\fBroost check\\fR says what is wrong with it. Each key is carried "
        "out, or has no effect and a warning says so, or is an error; none is dropped in "
        "silence. Keys that begin with \\fBx\\-\\fR are ignored, but for \\fBx\\-roost\\fR.\n"
        ".SH KEYS OF A SERVICE\n",
        stdout);
    print_keys(0);
    (void)fputs(".SH KEYS WITHOUT EFFECT\nA warning says so; of \\fBdeploy\\fR also: "
                "endpoint_mode, labels, placement, rollback_config, update_config, "
                "resources.reservations.cpus, resources.reservations.generic_resources, "
                "restart_policy.delay, restart_policy.window; of \\fBports\\fR: name, "
                "app_protocol.\n",
                stdout);
    print_keys(KEY_WARNED);
    (void)fputs(".SH KEYS THAT ARE ERRORS\n", stdout);
    print_keys(KEY_REFUSED);
    (void)fputs(".SH KEYS OF A NETWORK\n", stdout);
    print_resource_keys(true);
    (void)fputs(".SH KEYS OF A VOLUME\n", stdout);
    print_resource_keys(false);
    (void)fputs(".SH SEE ALSO\n\\fBroost\\fR(1)\n", stdout);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "roost") == 0)
        print_roost();
    else if (argc == 2 && strcmp(argv[1], "roost-compose") == 0)
        print_compose();
    else
        return 2;
    return ferror(stdout) ? 1 : 0;
}
