"""grade - runs tests on submissions, and gives points.

Each submission is laid over a fresh copy of this tree, so that the tests and what runs them are the grader's own; it
is built there, and the suites run on it.  The results of a tree are a directory of their own, which appears when it is
whole: a run that was interrupted goes on where it was.
"""

import argparse
import concurrent.futures
import contextlib
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tools"), os.path.join(ROOT, "tests")]
import suites  # noqa: E402
from course import points, report, submission, trial  # noqa: E402
from course.processes import Processes  # noqa: E402
from course.reference import Reference, Refused, build, hidden_tests  # noqa: E402
from course.workplace import check_room, is_full, locked, workplace  # noqa: E402
try:
    from course import handout
except ImportError:  # a student's tree has none
    handout = None
from run import progress  # noqa: E402
from run.options import MAX_PROCESSORS, ToolParser, natural, positive, small  # noqa: E402
from run.statuses import INTERRUPTED, USAGE_ERROR, say  # noqa: E402

POINTS_MISSING, NO_TREE, CANNOT_WRITE = 1, 3, 4
TABLE, GRADES = "table.txt", "grades.csv"  # beside the results
UNGRADED = "no tree", "too large"  # how the sentence about what is no submission begins

USAGE = """\
usage: ./ksm grade [OPTION]... TREE...

  --points FILE      which tests count, and for how much: lines of
                     suite,test,points
  --exercise NAME    the same for an exercise of the course, by its name or
                     number.  Without either, each test of t_ksm* is one point.
  --tests DIR        hidden tests: C files as in tests/guest, with `Points: N'
                     and `Name: TEXT' in the first comment
  --smp N,N...       processors (2); a test passes if it passes with each number
                     of them
  --icount           count instructions: one processor, and the same result each
                     time
  --jitter SEED      a debug kernel, whose scheduler is shaken by this seed
  --seed N           for tests that draw numbers (1)
  --limit S          seconds of processor time that a machine may take (60),
                     Linux; and ten times as many on the clock
  --jobs N           submissions at a time (one for each processor)
  --out DIR          where results go (grades)
  --junit FILE       the results as JUnit's XML
  --gradescope FILE  the result of one tree as Gradescope wants it

Status: 0 all points, 1 some are missing, 2 usage, points or hidden tests are
wrong, 3 a TREE is not a tree, 4 results cannot be written, 121 this tree itself
does not build, 130 interrupted.
"""


def numbers(text):
    found = [positive(part) for part in text.split(",")]
    if max(found) > MAX_PROCESSORS:
        raise argparse.ArgumentTypeError("the system uses at most %d processors" % MAX_PROCESSORS)
    return found


def parse(argv):
    if "-h" in argv or "--help" in argv:
        sys.stdout.write(USAGE)
        sys.exit(0)
    parser = ToolParser("grade")
    parser.usage = USAGE.split("\n", 1)[0].partition(": ")[2]
    points.add_options(parser)
    for name in "--tests", "--junit", "--gradescope":
        parser.add_argument(name)
    parser.add_argument("--smp", type=numbers)
    parser.add_argument("--icount", action="store_true")
    parser.add_argument("--jitter", type=natural)
    parser.add_argument("--seed", type=small, default=1)
    parser.add_argument("--limit", type=small, default=60)
    parser.add_argument("--jobs", type=positive, default=os.cpu_count() or 1)
    parser.add_argument("--out", default="grades")
    parser.add_argument("trees", nargs="*")
    options = parser.parse_args(argv)
    if not options.trees:
        parser.error("no TREE is given")
    if options.icount and options.smp not in (None, [1]):
        parser.error("--icount counts on one processor: it goes with --smp 1")
    if options.gradescope and len(options.trees) != 1:
        parser.error("--gradescope is for one TREE")
    return options


def ways(options):
    """How each suite is run, once for each number of processors."""
    return [trial.How(n, options.icount, options.jitter, options.seed, options.limit)
            for n in ([1] if options.icount else options.smp or [2])]


def tree_names(paths):
    """A name for each path: its last part."""
    names = {}
    for path in paths:
        name = os.path.basename(os.path.abspath(path))
        if not path or not name:
            raise Refused("'%s' is no tree: results go by the name of its directory, and it has none" % path)
        if name in (TABLE, GRADES) or name.startswith("."):
            raise Refused("%s: results go by the name of its directory, and grade itself makes a file with such a name"
                          % report.printable(path))
        if name in names:
            raise Refused("two trees have the name %s: %s and %s" % tuple(
                report.printable(s) for s in (name, names[name], path)))
        names[name] = path
    return {path: name for name, path in names.items()}


def inside(path, directory):
    """Is it the directory or in it, by its name or by where that leads?"""
    return any(os.path.join(whole(path), "").startswith(os.path.join(whole(directory), ""))
               for whole in (os.path.abspath, os.path.realpath))


def check_places(options, names):
    """A result takes the place of an earlier one, and of nothing else: not of a submission, whatever lies in that.  Nor
    is it believed that what lies in a submission is a result."""
    if any(inside(options.out, path) for path in names):
        raise Refused("%s is in a submission, which could bring results of its own: --out names another directory"
                      % report.printable(options.out))
    for name in names.values():
        place = os.path.join(options.out, name)
        holds_tree = any(inside(path, place) for path in names)
        if os.path.lexists(place) and (holds_tree or not os.path.isfile(os.path.join(place, "result.json"))):
            raise Refused("%s is no result of an earlier run, and stays as it is: --out names another directory"
                          % report.printable(place))


def chosen_items(options):
    """What gives points, with whole names of suites."""
    known = suites.grouped("guest") + suites.grouped("cli")  # the others are made of this tree's own functions
    items = points.chosen(options)
    if not items:
        return [points.Item("the suites of shared memory", None, [(name, "")])
                for name in known if name.startswith("guest/t_ksm")]
    points.find_suites(items, known)
    return items


def handed_out(options):
    """With --exercise: the tree that students had, and where they write.  None where git does not say what that is, and
    in a student's tree."""
    if options.exercise and handout:
        with contextlib.suppress(handout.Fault):
            exercise = points.find_exercise(options.exercise)
            return handout.handed_out(exercise, submission.PARTS), points.done_by(exercise)
    return None


class Graded:
    """The result of one tree, as result.json has it."""

    def __init__(self, data):
        self.__dict__.update(data)

    @property
    def points(self):
        return sum(t["points"] for t in self.tests)

    @property
    def of(self):
        return sum(t["of"] for t in self.tests)

    @property
    def sentence(self):
        """The first sentence of the contract that it breaks, or else what is wrong first; of tests that never ran, only
        if no other failed, since what kept them from running says more."""
        failed = [t for t in self.tests if t["outcome"] != trial.PASSED]
        if self.problem or not failed:
            return self.problem or "all passed"
        failed = [t for t in failed if t["outcome"] != trial.NO_TEST] or failed
        first = next((t for t in failed if t["title"].startswith("§")), failed[0])
        return "%s: %s" % (first["title"], first["outcome"])


class Grader:
    """Grades trees into directories below options.out."""

    def __init__(self, options, names, reference, shares, work, processes):
        self._options, self._names, self._reference = options, names, reference
        self._shares, self._work, self._processes = shares, work, processes
        self._handed = handed_out(options)
        self._base = reference.fingerprint(shares)
        self.reused = 0

    def directory(self, path):
        return os.path.join(self._options.out, self._names[path])

    def grade(self, path):
        """The result of a tree: one that is there already, or a new one."""
        try:
            found = submission.Submission(path, os.path.join(ROOT, "tests"))
            if self._handed:
                found.note_changes(*self._handed)
            fingerprint = found.fingerprint(self._base)
        except (submission.NoTree, OSError) as e:
            why = str(e) if isinstance(e, submission.NoTree) else "no tree: %s%s" % (
                os.path.relpath(e.filename, path) + ": " if e.filename else "", e.strerror)
            if not os.path.isdir(path):
                why = "no tree: it is no directory"
            return self._keep(path, self._result(path, "", why, {}, [], 0), {})
        before = self._earlier(path, fingerprint)
        if before:
            self.reused += 1
            return before
        started = time.monotonic()
        problem, outcomes, logs = self._try(found)
        result = self._result(path, fingerprint, problem, outcomes, found.notes, time.monotonic() - started)
        return self._keep(path, result, logs)

    def _earlier(self, path, fingerprint):
        try:
            with open(os.path.join(self.directory(path), "result.json"), encoding="utf-8") as f:
                data = json.load(f)
            return Graded(data) if data["fingerprint"] == fingerprint else None
        except (OSError, ValueError, KeyError):
            return None

    def _try(self, found):
        """What is wrong with it as a whole, the outcomes of its tests, and its logs."""
        tree = tempfile.mkdtemp(dir=self._work)
        try:
            shutil.copytree(self._reference.tree, tree, symlinks=True, dirs_exist_ok=True)
            found.lay_over(tree)
            built, said = build(tree, self._reference, self._reference.env, self._processes)
            if not built:
                check_room(tree)
                return "does not build: " + report.printable(submission.first_error(said)), {}, {"build.log": said}
            return None, *self._run_suites(tree)
        finally:
            shutil.rmtree(tree, ignore_errors=True)

    def _run_suites(self, tree):
        outcomes, logs = {}, {}
        for suite in self._reference.suites:
            titles = self._reference.titles[suite]
            for how in self._reference.ways:
                wanted = [n for n, title in enumerate(titles, 1)
                          if (suite, title) in self._shares and how in self._reference.runs(suite, title)]
                if not wanted:
                    continue
                one = trial.trial(suite, tree, self._reference.where, self._reference.env, how, self._processes)
                for n, outcome in one.run(titles, wanted).items():
                    test = (suite, titles[n - 1])
                    if outcomes.get(test, (trial.PASSED,))[0] == trial.PASSED:
                        outcomes[test] = outcome + (str(how),)
                logs["%s-smp%d.log" % (suite.replace("/", "-"), how.smp)] = one.log
                if any(o[0] not in (trial.PASSED, trial.FAILED) for o in outcomes.values()):
                    check_room(tree)
        return outcomes, logs

    def _result(self, path, fingerprint, problem, outcomes, notes, seconds):
        tests = []
        missing = (problem.partition(":")[0] if problem else trial.NO_TEST, "", "")
        for (suite, title), of in self._shares.items():
            outcome, why, how = outcomes.get((suite, title), missing)
            tests.append({"suite": suite, "title": title, "of": of, "points": of if outcome == trial.PASSED else 0,
                          "outcome": outcome, "why": report.printable(why), "how": how})
        return Graded({"name": self._names[path], "fingerprint": fingerprint, "problem": problem, "notes": notes,
                       "ways": [str(how) for how in self._reference.ways], "tests": tests,
                       "seconds": round(seconds, 1)})

    def _keep(self, path, result, logs):
        """Puts the directory in place, when it is whole."""
        with locked(self._options.out):  # another command may have the same tree
            return self._place(path, result, logs)

    def _place(self, path, result, logs):
        final = self.directory(path)
        # Of any length: a name can be as long as the file system takes, and is no shorter with a word more.
        part = os.path.join(self._options.out, ".%s.part" % hashlib.sha256(os.fsencode(final)).hexdigest()[:16])
        shutil.rmtree(part, ignore_errors=True)
        os.makedirs(part)
        try:
            for name, text in logs.items():
                report.write(os.path.join(part, name), text)
            report.write(os.path.join(part, "result.json"), json.dumps(result.__dict__, indent=1) + "\n")
            shutil.rmtree(final, ignore_errors=True)
            os.rename(part, final)
        except OSError:
            shutil.rmtree(part, ignore_errors=True)
            raise
        return result

    def grade_all(self):
        """The results in the order of the trees."""
        results, paths = {}, self._options.trees
        with concurrent.futures.ThreadPoolExecutor(self._options.jobs) as pool:
            waiting = {pool.submit(self.grade, path): path for path in paths}
            try:
                for future in completed(waiting):
                    results[waiting[future]] = future.result()
                    progress.show("grading: %d of %d trees" % (len(results), len(paths)))
            except BaseException:
                self._processes.stop()
                for future in waiting:
                    future.cancel()
                raise
        return [results[path] for path in paths]


def completed(futures):
    """Each future as it is completed.  Ctrl-C can reach another thread, which would not end a longer wait."""
    left = set(futures)
    while left:
        done, left = concurrent.futures.wait(left, 1, concurrent.futures.FIRST_COMPLETED)
        yield from done


def lines_of(results):
    """The table, as lines."""
    rows = [("tree", "points", "first failure")]
    rows += [(report.printable(r.name), "%s/%s" % (points.shown(r.points), points.shown(r.of)), r.sentence)
             for r in results]
    widths = [max(len(row[i]) for row in rows) for i in range(2)]
    lines = ["%-*s  %*s  %s" % (widths[0], name, widths[1], got, sentence) for name, got, sentence in rows]
    return lines + ["# %s: %s" % (report.printable(r.name), note) for r in results for note in r.notes]


def explained(test, result):
    """A failed test in a line, with how it ran, if it did."""
    if test["outcome"] == trial.PASSED:
        return ""
    why = result.problem or ": ".join(filter(None, (test["outcome"], test["why"])))
    return "%s (%s)" % (why, test["how"]) if test["how"] else why


def write_reports(options, results, reference):
    lines = lines_of(results)
    report.write(os.path.join(options.out, TABLE), "\n".join(lines) + "\n")
    report.write(os.path.join(options.out, GRADES), report.table(
        [("tree", "points", "of", "first failure")] +
        [(r.name, points.shown(r.points), points.shown(r.of), r.sentence) for r in results]))
    if options.junit:
        grouped = []
        for r in results:
            for suite in reference.suites:
                tests = [t for t in r.tests if t["suite"] == suite]
                cases = [report.Case(t["title"], explained(t, r)) for t in tests]
                grouped.append(("%s/%s" % (r.name, suite), cases, 0))
        report.write(options.junit, report.junit(grouped))
    if options.gradescope:
        r = results[0]
        seen = Graded(dict(r.__dict__, tests=[t for t in r.tests if t["suite"] not in reference.hidden]))
        got = "%s of %s points (%s)" % (points.shown(seen.points), points.shown(seen.of), "; ".join(r.ways))
        about = "\n".join([got, seen.sentence] + r.notes)
        tests = [(reference.hidden.get(t["suite"], t["suite"].partition("/")[2]) + ": " + t["title"], t["points"],
                  t["of"], explained(t, r), t["suite"] in reference.hidden) for t in r.tests]
        report.write(options.gradescope, report.gradescope(about, tests, r.seconds))
    return lines


def grade(options, work, processes):
    names = tree_names(options.trees)
    for path in options.trees:
        if not os.path.lexists(path):
            raise Refused("there is no directory %s" % report.printable(path), NO_TREE)
    check_places(options, names)
    hidden = hidden_tests(options.tests) if options.tests else []
    items = chosen_items(options)
    chosen = points.suites_of(items)
    os.makedirs(options.out, exist_ok=True)
    for path in os.path.join(options.out, TABLE), options.junit, options.gradescope:
        if path:
            report.expect(path)
    reference = Reference(work, options, ways(options), chosen, hidden)
    reference.build(processes)
    items += [points.Item(h.file, h.points, [(h.suite, "")]) for h in hidden]
    reference.examine(items, processes)
    shares = reference.worth(items)
    started = time.monotonic()
    grader = Grader(options, names, reference, shares, work, processes)
    results = grader.grade_all()
    progress.clear()
    for line in write_reports(options, results, reference):
        progress.say(line)
    without = sum(bool(r.problem) and r.problem.startswith(UNGRADED) for r in results)
    new = len(results) - grader.reused - without
    seconds = time.monotonic() - started
    how = "; ".join(map(str, reference.ways)) + ("; a debug kernel" if reference.debug else "")
    progress.say("# %s: %d graded in %.0f s%s%s%s; %s has the logs" % (
        how, new, seconds, ", %.1f s each" % (seconds / new) if new else "",
        ", %d were graded already" % grader.reused if grader.reused else "",
        ", %d could not be graded" % without if without else "", report.printable(options.out)))
    if without:
        return NO_TREE
    return 0 if all(r.points == r.of for r in results) else POINTS_MISSING


def main():
    options = parse(sys.argv[1:])
    try:
        with workplace() as work, Processes() as processes:
            return grade(options, work, processes)
    except Refused as e:
        status, why = e.status, str(e)
    except points.PointsError as e:
        status, why = USAGE_ERROR, str(e)
    except OSError as e:
        status, why = CANNOT_WRITE, "%s: %s" % (e.filename or tempfile.gettempdir(), e.strerror or e)
        if is_full(e):
            why = "the disk is full (%s); with room, the same command goes on where it was" % (
                e.filename or tempfile.gettempdir())
    except KeyboardInterrupt:
        status, why = INTERRUPTED, "interrupted; the same command goes on where it was"
    progress.clear()
    say(why)
    return status


if __name__ == "__main__":
    progress.run(main)
