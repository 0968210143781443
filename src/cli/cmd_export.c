/* SPDX-License-Identifier: MIT
 *
 * roost export: the table as a compose file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/export.h"
#include "cli/file.h"

struct exporting {
    struct cli *cli;
    struct store *store;
    struct rows rows;
    struct resources resources;
    struct compose_project *project;
    struct buf text;
    struct error *err;
};

static void exporting_close(struct exporting *x)
{
    buf_close(&x->text);
    file_closep(&x->project);
    resources_close(&x->resources);
    rows_close(&x->rows);
    x->store = store_close(x->store);
}

static int read_table(struct exporting *x)
{
    int r = cli_open_store(x->cli, DB_READ, &x->store, x->err);
    if (r == 0)
        r = rows_read(x->store, &x->rows, x->err);
    if (r == 0)
        r = resources_read(x->store, &x->resources, x->err);
    if (r == 0)
        r = rows_check_unchanged(x->store, &x->rows, x->err);
    if (r < 0)
        return r;
    if (x->rows.n == 0 || store_fleet(x->store)[0] == '\0')
        return error_set(x->err, -ENOENT, ERROR_NOT_FOUND, "no_agents",
                         "%s has no fleet with agents; `roost apply FILE` makes one",
                         x->cli->db_path);
    return export_project(store_fleet(x->store), &x->rows, &x->resources, &x->project, x->err);
}

/* Whole or not at all, and never over another. */
static int write_file(const struct exporting *x, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set(x->err, -errno, ERROR_FAILED, "cannot_write", "cannot make %s: %s", path,
                         strerror(errno));
    FILE *f = fdopen(fd, "w");
    bool done = f && fwrite(x->text.data, 1, x->text.len, f) == x->text.len && fflush(f) == 0 &&
                fsync(fd) == 0;
    int r = -errno;
    if (f)
        (void)fclose(f);
    else
        (void)close(fd);
    if (done)
        return 0;
    (void)unlink(path);
    return error_set(x->err, r, ERROR_FAILED, "cannot_write", "cannot write %s: %s", path,
                     strerror(-r));
}

static int tell(const struct exporting *x, const char *path)
{
    if (x->cli->json) {
        json_auto_t *json =
            json_pack("{s:s, s:i, s:s?, s:s?}", "fleet", x->project->name, "agents", (int)x->rows.n,
                      "file", path, "compose", path ? NULL : buf_text(&x->text));
        return json ? cli_print_json(json, x->err)
                    : error_set(x->err, -EINVAL, ERROR_FAILED, NULL, "%s is not UTF-8", path);
    }
    if (!path)
        (void)fwrite(x->text.data, 1, x->text.len, stdout);
    else if (!x->cli->quiet)
        (void)printf("%s: %zu agents\n", path, x->rows.n);
    return 0;
}

static int run_export(struct cli *cli, struct error *err)
{
    const char *path = cli->args.n_words > 0 ? cli->args.words[0] : NULL;
    _cleanup_(exporting_close) struct exporting x = {
        .cli = cli, .text = BUF_INIT(COMPOSE_FILE_MAX), .err = err};
    int r = read_table(&x);
    if (r == 0)
        r = compose_write(x.project, &x.text, err);
    if (r == 0 && path)
        r = write_file(&x, path);
    if (r == 0)
        r = tell(&x, path);
    if (r < 0)
        return r;
    export_tell(&x.rows);
    return EXIT_SUCCESS;
}

const struct command command_export = {
    .name = "export",
    .args = "[FILE]",
    .max_words = 1,
    .summary = "write the table as a compose file that gives the same table",
    .help = "Writes every agent, network and volume of the table as one compose file, to FILE,\n"
            "which must not exist, or to stdout. Before it is written it is read back as `roost\n"
            "apply` would read it, and compared with the table: it gives the same rows, or there\n"
            "is an error and no file.\n"
            "\n"
            "The values of the environment stand in it, so it is as secret as the database, which\n"
            "it is read from: whoever runs this must own that, or be root (FILE has mode 0600).\n"
            "Variables are not put back: values stand as they were when the file was applied,\n"
            "with $$ for a dollar sign. Secrets and configs stand as mounts of their files, paths\n"
            "as absolute ones, an agent of a scaled service as a service of its own.\n"
            "\n"
            "Who is held, and which pool an agent is in, a compose file cannot say: a warning\n"
            "tells each. Rows of several files, or made by hand, become one file: a warning tells\n"
            "that. A row that is not valid is an error, for a file without it would delete it.\n"
            "\n"
            "Examples:\n"
            "  roost export > fleet.yaml\n"
            "  roost export /var/backups/fleet-$(date +%F).yaml\n",
    .run = run_export,
};
