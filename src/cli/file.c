/* SPDX-License-Identifier: MIT
 *
 * The compose file that `apply` and `check` are given.
 */
#include "cli/file.h"

#include <errno.h>

int file_load(const struct cli *cli, const struct own_files *own,
              struct compose_project **ret_project, struct error *err)
{
    struct compose_options options = {.project_name = cli->args.value[OPT_PROJECT],
                                      .files_folder = own->folder,
                                      .files_salt = own->salt};
    _cleanup_free_ const char **files = args_all(&cli->args, OPT_FILE, &options.n_files);
    _cleanup_free_ const char **profiles = args_all(&cli->args, OPT_PROFILE, &options.n_profiles);
    _cleanup_free_ const char **env_files =
        args_all(&cli->args, OPT_ENV_FILE, &options.n_env_files);
    if (!files || !profiles || !env_files)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    if (cli->args.n_words > 0 && options.n_files > 0)
        return error_set(err, -EINVAL, ERROR_USAGE, "usage",
                         "\"%s\" stands beside -f; write it as -f too", cli->args.words[0]);
    options.files = options.n_files > 0 ? files : cli->args.words;
    options.n_files += cli->args.n_words;
    options.profiles = profiles;
    options.env_files = env_files;
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
    const char *given = cli->args.value[OPT_FILE];
    return cli->args.n_words > 0 ? cli->args.words[0] : given ? given : project->file;
}

json_t *file_warnings(const struct compose_project *project)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < project->n_warnings; i++)
        (void)json_array_append_new(list, json_string(project->warnings[i]));
    return list;
}
