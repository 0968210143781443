/* SPDX-License-Identifier: MIT
 *
 * The compose file that `apply` and `check` are given.
 */
#include "cli/file.h"

int file_load(const struct cli *cli, struct compose_project **ret_project, struct error *err)
{
    struct compose_options options = {
        .file = cli->args.n_words > 0 ? cli->args.words[0] : NULL,
        .project_name = cli->args.value[OPT_PROJECT],
    };
    int r = compose_load(&options, ret_project, err);
    if (r < 0)
        return r;
    const struct compose_project *p = *ret_project;
    for (size_t i = 0; i < p->n_warnings; i++)
        cli_warn("%s", p->warnings[i]);
    return 0;
}

void file_closep(struct compose_project **project)
{
    if (*project)
        compose_project_free(*project);
}

const char *file_shown(const struct cli *cli, const struct compose_project *project)
{
    return cli->args.n_words > 0 ? cli->args.words[0] : project->file;
}

json_t *file_warnings(const struct compose_project *project)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < project->n_warnings; i++)
        (void)json_array_append_new(list, json_string(project->warnings[i]));
    return list;
}
