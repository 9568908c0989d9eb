package dev.strata;

import dev.strata.plan.Event;
import dev.strata.plan.EventLog;
import dev.strata.plan.Failure;
import dev.strata.plan.Outcome;
import java.io.Console;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/** How a build's events are shown to a person. */
sealed interface BuildProgress extends Consumer<Event>, AutoCloseable {
    /** @param kind {@code auto}, {@code plain}, {@code tty} or {@code quiet} */
    static BuildProgress of(String kind, PrintStream out) {
        return switch (kind) {
            case "quiet" -> new Quiet(out);
            case "tty" -> new Live(out);
            case "plain" -> new Plain(out);
            default -> isTerminal() ? new Live(out) : new Plain(out);
        };
    }

    @SuppressWarnings("SystemConsoleNull") // null is still the answer of a runtime without jdk.internal.le
    private static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    @Override
    void close();

    /** A line an event, as in a builder pod's log; a failure is told at length. */
    record Plain(PrintStream out) implements BuildProgress {
        @Override
        public void accept(Event event) {
            if (event instanceof Event.Ended(Outcome.Failed(Failure failure))) {
                out.println(told(failure));
                return;
            }
            out.println(EventLog.write(event));
        }

        @Override
        public void close() {
            out.flush();
        }
    }

    /** Nothing but the digest, or the failure. */
    record Quiet(PrintStream out) implements BuildProgress {
        @Override
        public void accept(Event event) {
            switch (event) {
                case Event.Ended(Outcome.Built built) -> out.println(built.digest());
                case Event.Ended(Outcome.Failed(Failure failure)) -> System.err.println(told(failure));
                default -> {
                    // not shown
                }
            }
        }

        @Override
        public void close() {
            out.flush();
        }
    }

    /** Steps that are done scroll by; those at work stay below with their time and last line. */
    final class Live implements BuildProgress {
        private static final String ERASE_BELOW = "\u001b[0J";
        private static final int WIDTH = 110;

        private final PrintStream out;
        private final Map<Integer, String> names = new LinkedHashMap<>();
        private final Map<Integer, Working> working = new LinkedHashMap<>();
        private int drawn;

        private record Working(long begun, String last) {}

        Live(PrintStream out) {
            this.out = out;
        }

        @Override
        public synchronized void accept(Event event) {
            switch (event) {
                case Event.StepKnown e ->
                    names.put(e.step(), "[" + e.stage() + " " + e.number() + "/" + e.total() + "] " + e.instruction());
                case Event.StepStarted e -> working.put(e.step(), new Working(System.nanoTime(), ""));
                case Event.StepOutput e ->
                    working.computeIfPresent(e.step(), (step, was) -> new Working(was.begun(), e.text()));
                case Event.StepCached e -> line("\u001b[32mCACHED\u001b[0m  " + name(e.step()));
                case Event.StepDone e -> {
                    working.remove(e.step());
                    line(String.format(Locale.ROOT, "\u001b[32m%6.1fs\u001b[0m ", e.seconds()) + name(e.step()));
                }
                case Event.StepFailed e -> {
                    working.remove(e.step());
                    line("\u001b[31mFAILED\u001b[0m  " + name(e.step()));
                }
                case Event.StepCanceled e -> working.remove(e.step());
                case Event.StepHeld e -> line(EventLog.write(e));
                case Event.StepMissed e -> {
                    // the live view shows what runs, not why
                }
                case Event.StepMemory e -> {
                    // for those who read the whole log
                }
                case Event.StepLayer e -> {
                    // the stack is shown at the end
                }
                case Event.Ended(Outcome.Failed(Failure failure)) -> line(told(failure));
                case Event.Ended(Outcome.Built built) -> line(EventLog.write(event));
                case Event.Begun e -> line(EventLog.write(e));
                case Event.Planned e -> line(EventLog.write(e));
                case Event.SourceReady e -> line(EventLog.write(e));
                case Event.BaseResolved e -> line(EventLog.write(e));
                case Event.BaseUsed e -> {
                    // for those who rebuild when a base moves
                }
                case Event.Warning e -> line("\u001b[33m" + EventLog.write(e) + "\u001b[0m");
                case Event.Note e -> line(EventLog.write(e));
                case Event.StackLayer e -> line(EventLog.write(e));
            }
            draw();
        }

        private String name(int step) {
            return cut(names.getOrDefault(step, "#" + step));
        }

        private static String cut(String text) {
            return text.length() <= WIDTH ? text : text.substring(0, WIDTH - 1) + "…";
        }

        private void line(String text) {
            erase();
            out.println(text);
        }

        private void erase() {
            if (drawn > 0) {
                out.print("\u001b[" + drawn + "A\r" + ERASE_BELOW);
                drawn = 0;
            }
        }

        private void draw() {
            erase();
            working.forEach((step, state) -> {
                double seconds = (System.nanoTime() - state.begun()) / 1e9;
                out.println(String.format(Locale.ROOT, "\u001b[36m%6.1fs\u001b[0m ", seconds) + name(step));
                drawn++;
                if (!state.last().isBlank()) {
                    out.println("        " + cut(state.last().replaceAll("\\p{Cntrl}", " ")));
                    drawn++;
                }
            });
            out.flush();
        }

        @Override
        public synchronized void close() {
            erase();
            out.flush();
        }
    }

    private static String told(Failure failure) {
        StringBuilder text = new StringBuilder("failed ");
        text.append(failure.where() == null ? "" : failure.where() + ": ").append(failure.what());
        if (failure.detail() != null && !failure.detail().isEmpty()) {
            failure.detail().lines().forEach(line -> text.append("\n  ").append(line));
        }
        if (failure.mend() != null) {
            text.append('\n').append(failure.mend());
        }
        return text.toString();
    }
}
