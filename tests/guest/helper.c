/*
 * helper.c - processes that make calls on request: see helper.h.
 */
#include "helper.h"

#define HELPER_NAME(name) #name,
const char *const helper_op_names[] = { HELPER_OPS(HELPER_NAME) };

int helper_first_fd;

int helper_fd(uint helper) { return helper_first_fd + 2 + 2 * (int)helper; }

static void answer(const struct helper_reply *reply)
{
    if (write(helper_first_fd + 1, reply, sizeof(*reply)) != sizeof(*reply))
        exits(1);
}

static int exec_again(uint helper, bool good)
{
    char number[16], fd[16], path[32] = "/no/such/file";

    if (good)
        snprintf(path, sizeof(path), "/%s", program_name);
    snprintf(number, sizeof(number), "%u", helper);
    snprintf(fd, sizeof(fd), "%d", helper_first_fd);
    return exec(path, (char *[]){ (char *)program_name, "--helper", number, fd, NULL });
}

static int obey(uint *helper, const struct helper_request *r, struct helper_reply *reply)
{
    int status, pid;

    switch (r->op) {
    case GET:
        return ksmget((int)r->a, r->b, (int)r->c);
    case ATTACH:
        return (int)ksmattach((int)r->a, (int)r->b);
    case DETACH:
        return ksmdetach((int)r->a);
    case DETACH_AT:
        return ksmdetachat((void *)r->a);
    case DELETE:
        return ksmdelete((int)r->a);
    case INFO:
        return ksminfo((int)r->a, &reply->info);
    case INFO_AT:
        return ksminfo((int)r->a, (struct ksminfo_t *)r->b);
    case SBRK:
        return (int)sbrk((int)r->a);
    case FORK:
        pid = fork();
        if (pid == 0)
            *helper = r->a;
        return pid;
    case EXIT:
        exits(0);
    case EXEC:
        return exec_again(*helper, r->a);
    case WAIT:
        return waits(&status);
    case PEEK:
        return (int)*(volatile uint *)r->a;
    case POKE:
        *(volatile uint *)r->a = r->b;
        return 0;
    }
    return 0;
}

void helper_obey(uint helper)
{
    struct helper_request r;
    struct helper_reply reply;

    for (;;) {
        if (read(helper_fd(helper), &r, sizeof(r)) != sizeof(r))
            exits(1);
        memset(&reply, 0, sizeof(reply));

        uint was = helper;

        reply.result = obey(&helper, &r, &reply);
        if (helper == was) /* a new one waits for its first request */
            answer(&reply);
    }
}

void helper_main(int argc, char *argv[])
{
    struct helper_reply reply;
    int helper;

    if (argc != 4 || strcmp(argv[1], "--helper") != 0 || !parse_number(argv[2], &helper) ||
        !parse_number(argv[3], &helper_first_fd))
        return;
    memset(&reply, 0, sizeof(reply));
    reply.result = (int)sbrk(0);
    answer(&reply);
    helper_obey((uint)helper);
}
