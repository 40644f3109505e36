/* Asks about NAME over and over: load PORT CLIENTS SECONDS NAME, and prints how many answers came each second. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in where;
static int poller;

static void begin(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct epoll_event event = {.events = EPOLLOUT, .data.fd = fd};
    if (connect(fd, (struct sockaddr *)&where, sizeof where) && errno != EINPROGRESS) {
        perror("connect");
        exit(1);
    }
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static char seen[65536], query[64];
    struct epoll_event ready[64], event;
    long whole = 0, broken = 0;
    if (argc != 5)
        return 2;
    int length = snprintf(query, sizeof query, "%s\r\n", argv[4]);
    where.sin_family = AF_INET;
    where.sin_port = htons(atoi(argv[1]));
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    poller = epoll_create1(0);
    for (int i = 0; i < atoi(argv[2]); i++)
        begin();
    double start = now(), end = start + atof(argv[3]);
    while (now() < end) {
        int count = epoll_wait(poller, ready, 64, 100);
        for (int i = 0; i < count; i++) {
            int fd = ready[i].data.fd;
            char data[4096];
            if (ready[i].events & EPOLLOUT) {
                if (write(fd, query, length) != length)
                    broken++;
                seen[fd] = 0;
                event.events = EPOLLIN;
                event.data.fd = fd;
                epoll_ctl(poller, EPOLL_CTL_MOD, fd, &event);
                continue;
            }
            ssize_t got = read(fd, data, sizeof data);
            if (got > 0) {
                seen[fd] = 1;
                continue;
            }
            if (got == 0 && seen[fd])
                whole++;
            else
                broken++;
            close(fd);
            begin();
        }
    }
    printf("%.1f %ld\n", whole / (now() - start), broken);
    return 0;
}
