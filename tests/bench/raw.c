/* SPDX-License-Identifier: MIT
 *
 * What roost is measured against: clients of the engine's API that do nothing but
 * send requests and read answers, over plain UNIX sockets.
 *
 *   bench_raw replay SOCKET FILE CONNECTIONS
 *       Sends every request of FILE, spread over so many kept connections, and prints the
 * milliseconds. FILE has for each request a line "METHOD PATH LENGTH", LENGTH bytes of body and a
 * newline.
 *
 *   bench_raw pair ROUNDS SOCKET_A METHOD_A PATH_A SOCKET_B METHOD_B PATH_B
 *       Sends A and B in turn, each on its kept connection, and prints a line "MS_A MS_B" a round.
 *
 * An answer other than 2xx ends it with status 1: a client that fails fast is no yardstick.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define HEAD_MAX        16384

struct request {
    char *bytes; /* head and body, ready to be sent */
    size_t length;
};

/* A kept connection with what has been read from it and not yet looked at. */
struct connection {
    int fd;
    size_t begin, end;
    char buffer[65536];
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "bench_raw: %s: %s\n", what, errno ? strerror(errno) : "not understood");
    exit(1);
}

static void connection_open(struct connection *c, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        die(path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    c->begin = c->end = 0;
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        die(path);
}

static void send_all(struct connection *c, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = send(c->fd, bytes, length, MSG_NOSIGNAL);
        if (n < 0)
            die("send");
        bytes += n;
        length -= (size_t)n;
    }
}

static void fill(struct connection *c)
{
    if (c->begin == c->end)
        c->begin = c->end = 0;
    if (c->end == sizeof(c->buffer))
        die("a line of the answer is too long");
    ssize_t n = recv(c->fd, c->buffer + c->end, sizeof(c->buffer) - c->end, 0);
    if (n <= 0)
        die("the answer is cut short");
    c->end += (size_t)n;
}

/* The next line without its CRLF, valid until the next read. */
static char *read_line(struct connection *c)
{
    for (;;) {
        char *from = c->buffer + c->begin;
        char *end = memmem(from, c->end - c->begin, "\r\n", 2);
        if (end) {
            *end = '\0';
            c->begin = (size_t)(end - c->buffer) + 2;
            return from;
        }
        if (c->begin > 0) {
            memmove(c->buffer, from, c->end - c->begin);
            c->end -= c->begin;
            c->begin = 0;
        }
        fill(c);
    }
}

static void skip(struct connection *c, size_t length)
{
    while (length > 0) {
        if (c->begin == c->end)
            fill(c);
        size_t n = c->end - c->begin;
        if (n > length)
            n = length;
        c->begin += n;
        length -= n;
    }
}

static void skip_chunks(struct connection *c)
{
    for (;;) {
        size_t length = strtoul(read_line(c), NULL, 16);
        if (length == 0)
            break;
        skip(c, length + 2);
    }
    (void)read_line(c);
}

static void read_answer(struct connection *c)
{
    const char *status = read_line(c);
    if (strncmp(status, "HTTP/1.1 2", 10) != 0) {
        errno = 0;
        die(status);
    }
    bool bare = strncmp(status + 9, "204", 3) == 0, chunked = false;
    size_t length = 0;
    for (;;) {
        const char *line = read_line(c);
        if (!*line)
            break;
        if (strncasecmp(line, "Content-Length:", 15) == 0)
            length = strtoul(line + 15, NULL, 10);
        else if (strncasecmp(line, "Transfer-Encoding: chunked", 26) == 0)
            chunked = true;
    }
    if (bare)
        return;
    if (chunked)
        skip_chunks(c);
    else
        skip(c, length);
}

static void exchange(struct connection *c, const struct request *request)
{
    send_all(c, request->bytes, request->length);
    read_answer(c);
}

static struct request request_make(const char *method, const char *path, const char *body,
                                   size_t length)
{
    struct request r = {.bytes = malloc(HEAD_MAX + length)};
    if (!r.bytes)
        die("memory");
    int n = snprintf(r.bytes, HEAD_MAX,
                     "%s %s HTTP/1.1\r\nHost: engine\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     method, path, length);
    if (n < 0 || n >= HEAD_MAX)
        die(path);
    if (length > 0)
        memcpy(r.bytes + n, body, length);
    r.length = (size_t)n + length;
    return r;
}

/* replay -------------------------------------------------------------------------------------- */

struct replay {
    const char *socket_path;
    struct request *requests;
    size_t n_requests;
    atomic_size_t next;
    pthread_barrier_t ready;
};

static void *replay_run(void *argument)
{
    struct replay *replay = argument;
    struct connection *c = malloc(sizeof(*c));
    if (!c)
        die("memory");
    connection_open(c, replay->socket_path);
    (void)pthread_barrier_wait(&replay->ready);
    for (;;) {
        size_t i = atomic_fetch_add(&replay->next, 1);
        if (i >= replay->n_requests)
            break;
        exchange(c, &replay->requests[i]);
    }
    (void)close(c->fd);
    free(c);
    return NULL;
}

static void replay_read(struct replay *replay, const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file)
        die(path);
    char method[16], url[4096];
    size_t length;
    while (fscanf(file, "%15s %4095s %zu", method, url, &length) == 3) {
        (void)fgetc(file);
        char *body = malloc(length + 1);
        if (!body || fread(body, 1, length, file) != length)
            die(path);
        void *more = reallocarray(replay->requests, replay->n_requests + 1, sizeof(struct request));
        if (!more)
            die("memory");
        replay->requests = more;
        replay->requests[replay->n_requests++] = request_make(method, url, body, length);
        free(body);
    }
    if (replay->n_requests == 0)
        die(path);
    (void)fclose(file);
}

static int replay(char **words)
{
    struct replay replay = {.socket_path = words[0]};
    pthread_t threads[CONNECTIONS_MAX];
    unsigned long n = strtoul(words[2], NULL, 10);
    if (n < 1 || n > CONNECTIONS_MAX)
        die(words[2]);
    replay_read(&replay, words[1]);
    (void)pthread_barrier_init(&replay.ready, NULL, (unsigned)n + 1);
    for (unsigned long i = 0; i < n; i++)
        if (pthread_create(&threads[i], NULL, replay_run, &replay) != 0)
            die("thread");
    (void)pthread_barrier_wait(&replay.ready);
    double begin = now_ms();
    for (unsigned long i = 0; i < n; i++)
        (void)pthread_join(threads[i], NULL);
    (void)printf("%.3f\n", now_ms() - begin);
    for (size_t i = 0; i < replay.n_requests; i++)
        free(replay.requests[i].bytes);
    free(replay.requests);
    return 0;
}

/* pair ---------------------------------------------------------------------------------------- */

static double timed(struct connection *c, const struct request *request)
{
    double begin = now_ms();
    exchange(c, request);
    return now_ms() - begin;
}

static int pair(char **words)
{
    static struct connection a, b;
    unsigned long rounds = strtoul(words[0], NULL, 10);
    struct request ask_a = request_make(words[2], words[3], NULL, 0);
    struct request ask_b = request_make(words[5], words[6], NULL, 0);
    connection_open(&a, words[1]);
    connection_open(&b, words[4]);
    exchange(&a, &ask_a); /* warm */
    exchange(&b, &ask_b);
    for (unsigned long i = 0; i < rounds; i++) {
        double ms_a = timed(&a, &ask_a);
        double ms_b = timed(&b, &ask_b);
        (void)printf("%.3f %.3f\n", ms_a, ms_b);
    }
    free(ask_a.bytes);
    free(ask_b.bytes);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "replay") == 0)
        return replay(argv + 2);
    if (argc == 9 && strcmp(argv[1], "pair") == 0)
        return pair(argv + 2);
    (void)fprintf(stderr, "usage: bench_raw replay SOCKET FILE CONNECTIONS\n"
                          "       bench_raw pair ROUNDS SOCKET METHOD PATH SOCKET METHOD PATH\n");
    return 2;
}
