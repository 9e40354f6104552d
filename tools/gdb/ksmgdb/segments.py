"""Shared memory.

  ksm   segments, where they are attached, and who sleeps on their words
"""

from .command import Command, plural
from .memory import PAGE_SIZE, items, offset, pointer, variable
from .processes import require_boot, words_for

SLOT_TAKEN = 0x80000000  # kernel/ksm/ksm_impl.h


class Ksm(Command):
    """Shared memory: segments, where each process has them attached, and who sleeps on their words.

usage: ksm"""

    def run(self, argument):
        require_boot()
        registry = variable("registry")
        per_page = PAGE_SIZE // registry["slot_pages"].dereference().dereference().type.sizeof
        print("IDENTIFIER     HANDLE      BYTES  PAGES ATTACHED CREATOR  LAST STATE")
        sleepers = self.sleepers()
        for i in range(int(registry["nfresh"])):
            slot = registry["slot_pages"][i // per_page][i % per_page]
            if int(slot["state"]) & SLOT_TAKEN:
                self.show(slot["segment"], sleepers)
        print("%s, %s, %s" % (plural(registry["nsegments"], "segment"), plural(registry["npages"], "page"),
                              plural(registry["nattached"], "attachment")))

    def show(self, segment, sleepers):
        print("%08x %12d %10d %6d %8d %7d %5d %s" % tuple(
            [int(segment[k]) for k in ("id", "handle", "nbytes", "npages", "nattached", "cpid", "mpid")] +
            [str(segment["state"])[len("SEGMENT_"):].lower()]))
        for holding in items(segment["holdings"], "holding", "in_segment"):
            if holding["task"]:
                self.show_holding(holding)
        for sleeper in sleepers.get(int(segment), ()):
            print("    %s sleeps on the word at +0x%x, as long as it is %d%s" % (
                task_name(sleeper["task"]), sleeper["word"]["offset"], sleeper["expected"],
                ", and process %d lives" % sleeper["peer"] if sleeper["peer"] > 0 else ""))

    @staticmethod
    def show_holding(holding):
        at = ["0x%x%s" % (a["mapping"]["va"], "" if a["mapping"]["writable"] else " read-only")
              for a in items(holding["attachments"], "attachment", "link")]
        print("    %s: %s" % (task_name(holding["task"]), ", ".join(at) or "not attached"))

    @staticmethod
    def sleepers():
        """Those of each segment, by the segment's address."""
        found, stripes = {}, variable("stripes")
        for i in range(stripes.type.range()[1] + 1):
            queues = stripes[i]["queues"]
            for j in range(queues.type.range()[1] + 1):
                for sleeper in items(queues[j], "ksm_sleeper", "word.queue"):
                    if sleeper["word"]["segment"]:  # else a waker's place
                        found.setdefault(int(sleeper["word"]["segment"]), []).append(sleeper)
        return found


def task_name(task):
    return words_for(pointer("proc", int(task) - offset(pointer("proc", 0), "ksm")))
