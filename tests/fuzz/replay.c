/* SPDX-License-Identifier: MIT
 *
 * Runs a fuzz target over the committed inputs, for compilers without libFuzzer and for every test
 * run: each input that once broke something stays here.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *folder, const char *name)
{
    char path[4096];
    static uint8_t data[1 << 20];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        (void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return -errno;
    }
    size_t size = fread(data, 1, sizeof(data), file);
    (void)fclose(file);
    (void)printf("    input: %s\n", name);
    return LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv)
{
    struct dirent **names = NULL;
    int n = argc == 2 ? scandir(argv[1], &names, NULL, alphasort) : -1;
    int replayed = 0, failed = 0;
    for (int i = 0; i < n; i++) {
        if (names[i]->d_name[0] != '.') {
            failed += replay(argv[1], names[i]->d_name) != 0;
            replayed++;
        }
        free(names[i]);
    }
    free(names);
    if (replayed == 0)
        (void)fprintf(stderr, "no inputs; the argument is their folder\n");
    return replayed > 0 && failed == 0 ? 0 : 1;
}
