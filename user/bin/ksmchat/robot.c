/*
 * robot.c - a person that is a program: it answers each line, and does sums.
 */
#include "robot.h"

#include "mathexpr.h"

#define ROBOT "robot"

/* What the robot says to a line. */
static void answer(const char *name, const char *line, char *say, uint size)
{
    struct math_result result;
    uint n = strlen(line);

    math_evaluate(line, (int)n, &result);
    if (result.status == MATH_OK)
        snprintf(say, size, "%s is %.15g", line, result.value);
    else if (result.status < MATH_OPERAND) {
        n = (uint)snprintf(say, size, "I cannot compute that: ");
        math_message(&result, say + n);
    } else if (strncmp(line, "I ", 2) == 0)
        snprintf(say, size, "why do you say that you %s?", line + 2);
    else if (n > 0 && line[n - 1] == '?')
        snprintf(say, size, "I only know sums, like 6*7.  What do you think, %s?", name);
    else
        snprintf(say, size, "you say \"%s\", %s: tell me more, or give me a sum", line, name);
}

/* false: that was all, since the person leaves. */
static bool react(struct person *robot, struct message *message, uint n)
{
    char say[TEXT_SIZE + NAME_SIZE + 100];

    message->text[n < TEXT_SIZE ? n : TEXT_SIZE - 1] = 0;
    switch (message->kind) {
    case COMES:
        snprintf(say, sizeof(say), "hello, %s: I am process %d, in the same segment as you", message->name,
                 getpid());
        break;
    case LINE:
        answer(message->name, message->text, say, sizeof(say));
        break;
    default:
        return message->kind != LEAVES;
    }
    n = strlen(say);
    broadcast(robot, LINE, say, n < TEXT_SIZE ? n : TEXT_SIZE);
    return true;
}

/* Talks until its person leaves, or has died. */
static void be_robot(struct person *robot, struct ksmself person)
{
    struct message message;
    struct ksmring ring;
    bool stays = true;

    robot->name = ROBOT;
    enter_room(robot);
    take_seat(robot);
    open_inbox(robot, &ring);
    set_state(robot, LISTENS); /* nobody waits for the end of what it has to say */
    while (stays && ksmself_lives(person)) {
        int n = ksmring_read(&ring, &message, sizeof(message), 100);

        message.name[NAME_SIZE - 1] = 0;
        if (n >= (int)MESSAGE_HEAD && message.generation == robot->generation)
            stays = react(robot, &message, (uint)n - MESSAGE_HEAD);
        else if (n < 0 && n != KSM_ETIMEDOUT)
            sleep(LOOK_TICKS);
    }
    ksmring_leave(&ring, KSMRING_READER);
    leave_room(robot);
    exits(0);
}

int start_robot(struct person *person)
{
    struct ksmself me = ksmself();
    int pid = fork();

    if (pid < 0)
        fail(1, "no process");
    if (pid == 0)
        be_robot(person, me);
    return pid;
}
