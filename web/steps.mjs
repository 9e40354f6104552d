/*
 * steps.mjs - the guided tour, as data.
 *
 * Each step: its name in the address (#name) and title; what happens; the commands that its button types; what to look
 * at; a question with its answer; the sentence of the contract that it is about; and the sources of its programs, which
 * tools/web puts into the page's directory.  In `look`, `question` and `answer`, words between ` are set as code.
 */
export const steps = [
    {
        name: "boot",
        title: "A computer in your browser",
        about: "This is a PC of the year 2000 in JavaScript. It has just started a small Unix, and waits for you.",
        commands: ["ps", "ksmstat"],
        look: "Three processes, and no segment of shared memory yet: `ps` counts itself.",
        question: "Each of them can use the address 0x1000. Do they see the same bytes there?",
        answer: "No. Each process has an address space of its own: the same address leads to other memory in each. " +
            "Shared memory is the exception, and a program has to ask for it.",
        sentence: "1",
        sources: ["user/bin/ps.c", "user/bin/ksmstat.c"],
    },
    {
        name: "server",
        title: "A server and two clients",
        about: "The Math Server computes expressions. Its clients have nothing in common with it but a name.",
        commands: ["mathserver &", "mathclient -e 'sqrt(2)'", "mathclient -b 30000 &", "mathclient -b 60000",
            "mathclient -q"],
        look: "One segment under three processes. Requests and results pass through it, thousands a second. It is " +
            "marked for deletion from the start, so it goes with the last of them.",
        question: "How does a client get in, when it is no child of the server's and has no file of it open?",
        answer: "By the identifier, a number that both make from the same name. It is the only key: whoever does not " +
            "know it cannot get in.",
        sentence: "3.6",
        sources: ["user/bin/mathserver.c", "user/bin/mathclient.c"],
    },
    {
        name: "readonly",
        title: "Look, but don’t touch",
        about: "A note is written, read, and then written through an attachment that is read-only.",
        commands: ["note 'read me'", "note", "note -r 'not this way'", "note", "ksmrm note"],
        look: "The third program is ended by the kernel at its first write. The note is as it was.",
        question: "The program asked for a read-only attachment itself. What is that good for?",
        answer: "For its own mistakes: a wild pointer ends the reader, and not the data of all others. Whoever " +
            "should not write at all must not learn the identifier.",
        sentence: "4.4",
        sources: ["user/bin/note.c"],
    },
    {
        name: "race",
        title: "One counter, and no lock",
        about: "Two programs add 1 to a counter in shared memory, a million times each.",
        commands: ["counter & counter", "wait"],
        look: "The second number should be 2000000. Run it again: it is different each time.",
        question: "This computer has one processor. How can additions get lost?",
        answer: "An addition has three steps: read, compute, write. If the timer takes the processor away in " +
            "between, the other program counts on, and then all that it did is overwritten by one old number.",
        sentence: "4.8",
        sources: ["user/bin/counter.c"],
    },
    {
        name: "lock",
        title: "One counter, and a lock",
        about: "The same with a lock around each addition. The lock is a word in the same segment.",
        commands: ["counter -l 500000 & counter -l 500000", "wait"],
        look: "Now the last number is 1000000, and a program that must wait sleeps: it takes no processor time.",
        question: "Taking a free lock needs no system call. Then how does one program keep the other out?",
        answer: "An atomic instruction changes the word from free to held, and only one can succeed. The kernel is " +
            "called only to sleep, or to wake one that sleeps.",
        sentence: "11.4",
        sources: ["user/bin/counter.c", "user/ksm/ksmlock.c"],
    },
    {
        name: "ring",
        title: "A producer and a consumer",
        about: "Numbers go through a ring with room for eight. The consumer is the slower one.",
        commands: ["producer & consumer"],
        look: "The producer says when the ring is full, and sleeps until the consumer has taken one.",
        question: "Which of the two would you speed up to get the numbers sooner?",
        answer: "The consumer. The ring evens out short delays, but in the long run the slower side sets the pace.",
        sentence: "11.1",
        sources: ["user/bin/producer.c", "user/bin/consumer.c", "user/ksm/ksmring.c"],
    },
    {
        name: "delete",
        title: "Deleted, and still there",
        about: "One process keeps a segment attached while another one deletes it.",
        commands: ["ksmhold -t 200 board 8192 &", "ksmstat board", "ksmrm board", "ksmstat board", "wait",
            "ksmstat board"],
        look: "After `ksmrm` the segment is marked, and works as before. It goes when its last user ends.",
        question: "Unix deletes an open file in the same way. Why not take the memory away at once?",
        answer: "The program that uses it would die at its next access, for something that another one did. So the " +
            "name can go at any time, and the memory with its last user.",
        sentence: "6.1",
        sources: ["user/bin/ksmhold.c", "user/bin/ksmrm.c"],
    },
    {
        name: "fill",
        title: "Until the address space is full",
        about: "A program attaches 16 MB of memory again and again, in a computer that has 64 MB.",
        commands: ["fillspace 500"],
        look: "127 attachments, almost 2 GB of addresses, and 16 MB of memory behind them all.",
        question: "Why 127, and not 128?",
        answer: "Programs have the addresses below 0x80000000: 128 times 16 MB. But the lowest part holds the " +
            "program itself, so the last one does not fit.",
        sentence: "4.2",
        sources: ["user/bin/fillspace.c"],
    },
    {
        name: "squeeze",
        title: "The heap meets the attachments",
        about: "Attachments grow downwards, the heap grows upwards. A program lets them meet.",
        commands: ["squeeze 500"],
        look: "The heap ends exactly where the lowest attachment begins, and grows on when that one is detached.",
        question: "What would happen if the kernel let the heap grow further?",
        answer: "Private data and shared memory would be one: a `malloc()` would hand out what other programs " +
            "write to.",
        sentence: "4.3",
        sources: ["user/bin/squeeze.c"],
    },
    {
        name: "heir",
        title: "Dead, with the lock in its hands",
        about: "Two programs are to count under a lock. One takes the lock, and dies while it holds it.",
        commands: ["counter -l 500000 & counter -d", "wait"],
        look: "One sleeps on the lock that the other holds. When the holder dies, the sleeper is told so, and goes on.",
        question: "What should it do before it goes on?",
        answer: "Look at what the lock guards: the dead one may have changed half of it. Here that is one number, " +
            "which is old or new and never half.",
        sentence: "11.6",
        sources: ["user/bin/counter.c", "user/ksm/ksmlock.c"],
    },
];
