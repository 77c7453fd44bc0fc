/* The test service: the same program for every tool, so that what is measured is the tool.
 *
 *   service NAME OBSERVER MODE [ARGUMENTS]
 *
 * It binds $PORT (or a port of the kernel's choice), prints "NAME ready", and tells the observer (a Unix datagram
 * socket) what happened and when, by its own clock: "ready NAME PID NANOSECONDS". Then, by MODE:
 *
 *   serve                 sleeps
 *   flood RATE SECONDS    at SIGUSR1 prints RATE numbered lines a second, then tells "done NAME PID NANOSECONDS LINES"
 *   stubborn              has a child that ignores every polite signal
 *   setsid                has a child in a session of its own
 *   exit CODE             ends at once
 *
 * SIGTERM and SIGINT end it with 0, except stubborn's child.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LINE 100      /* bytes of a flooded line, line feed included */
#define TICKS 200     /* bursts a second */

static const char *name, *observer;

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void tell(const char *what, long long lines) {
    long long at = now();
    char text[256];
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    strncpy(to.sun_path, observer, sizeof to.sun_path - 1);
    int size = snprintf(text, sizeof text, "%s %s %d %lld %lld", what, name, (int)getpid(), at, lines);
    sendto(fd, text, size, 0, (struct sockaddr *)&to, sizeof to);
    close(fd);
}

static void leave(int number) { (void)number; _exit(0); }

static int put(const char *data, size_t size) {
    while (size) {
        ssize_t n = write(1, data, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        data += n, size -= n;
    }
    return 0;
}

static void flood(long rate, long seconds) {
    static char burst[LINE * 65536];
    long long start = now(), sent = 0, total = (long long)rate * seconds;
    while (sent < total) {
        long long due = (now() - start) * rate / 1000000000LL;
        long many = due > total ? total - sent : due - sent;
        if (many > 65536) many = 65536;
        for (long i = 0; i < many; i++) {
            char *line = burst + i * LINE;
            int size = snprintf(line, LINE, "flood %s %010lld ", name, sent + i);
            memset(line + size, 'x', LINE - 1 - size);
            line[LINE - 1] = '\n';
        }
        if (many > 0 && put(burst, many * LINE)) _exit(1);
        if (many > 0) sent += many;
        struct timespec pause = {0, 1000000000L / TICKS};
        nanosleep(&pause, NULL);
    }
    tell("done", sent);
}

static void child(const char *mode) {
    if (!strcmp(mode, "setsid")) setsid();
    else for (int s = 1; s < 32; s++) if (s != SIGKILL && s != SIGSTOP) signal(s, SIG_IGN);
    tell("child", 0);
    for (;;) pause();
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    name = argv[1], observer = argv[2];
    const char *mode = argv[3], *port = getenv("PORT");
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    at.sin_port = htons(port ? atoi(port) : 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, 4096)) {
        perror("bind");
        return 3;
    }
    sigset_t go;
    sigemptyset(&go);
    sigaddset(&go, SIGUSR1);
    sigprocmask(SIG_BLOCK, &go, NULL);
    signal(SIGTERM, leave);
    signal(SIGINT, leave);
    if (!strcmp(mode, "stubborn") || !strcmp(mode, "setsid"))
        if (!fork()) child(mode);
    char text[128];
    put(text, snprintf(text, sizeof text, "%s ready\n", name));
    tell("ready", 0);
    if (!strcmp(mode, "exit")) return argc > 4 ? atoi(argv[4]) : 0;
    if (!strcmp(mode, "flood")) {
        int number;
        sigwait(&go, &number);
        flood(atol(argv[4]), atol(argv[5]));
    }
    for (;;) pause();
}
