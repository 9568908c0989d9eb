package dev.strata.plan;

import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Json;
import dev.strata.image.Layer;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The grammar of a builder's log: one event a line, easy to read and strict to parse. This is the protocol between
 * builder and operator.
 *
 * <pre>
 * strata 0.1.0 begins after 280ms
 * plan linux/amd64 12 steps 1 skipped
 * source git 9f1c02…
 * base docker.io/library/debian:12 sha256:…
 * warning Dockerfile:3: LegacyKeyValueFormat: …
 * #5 [build 2/4 :7] RUN npm ci             known; the number behind the colon is the line
 * #5 STARTED
 * #5 12.041 output of the command          always a step and a time, so foreign text is never an event
 * #5 CACHED
 * #5 MISSED package.json changed
 * #5 memory 183500800                     bytes
 * #5 DONE 41.2s
 * #5 FAILED 0.3s exit code 3
 * #5 CANCELED
 * #5 note pulling docker.io/library/debian:12
 * #5 layer sha256:… 12345678 application/… diff sha256:… 23456789
 * stack base sha256:… 12345678 application/… diff sha256:… ADD rootfs.tar / # buildkit
 * stack own sha256:… …
 * image sha256:… registry.example/team-a/shop:latest …
 * failed {"cause":"USER","what":…}
 * </pre>
 *
 * Line feeds and other control characters in free text are replaced by spaces (tabs and escape sequences of output
 * stay), so that an event never spans lines.
 */
public final class EventLog {
    private static final Pattern STEP = Pattern.compile("#(\\d{1,9}) (.*)");
    private static final Pattern OUTPUT = Pattern.compile("(\\d{1,9}\\.\\d{3}) (.*)");
    private static final Pattern KNOWN = Pattern.compile("\\[(\\S+) (\\d{1,9})/(\\d{1,9}) :(\\d{1,9})\\] (.*)");
    private static final Pattern LAYER =
            Pattern.compile("(sha256:[a-f0-9]{64}) (\\d{1,18}) (\\S+) diff (sha256:[a-f0-9]{64})(?: (.*))?");
    private static final Pattern BEGUN = Pattern.compile("strata (\\S+) begins after (\\d{1,12})ms");
    private static final Pattern PLANNED = Pattern.compile("plan (\\S+) (\\d{1,9}) steps (\\d{1,9}) skipped");

    private EventLog() {}

    /** One line, without its end. */
    public static String write(Event event) {
        return switch (event) {
            case Event.Begun e -> "strata " + word(e.version()) + " begins after " + e.milliseconds() + "ms";
            case Event.Planned e ->
                "plan " + e.platform() + " " + e.steps() + " steps " + e.skippedStages() + " skipped";
            case Event.SourceReady e -> "source " + e.kind() + " " + clean(e.revision());
            case Event.BaseResolved e -> "base " + e.name() + " " + e.digest();
            case Event.BaseUsed e -> ("rebase " + e.name() + " " + clean(e.boundBy())).strip();
            case Event.Warning e ->
                "warning " + (e.where() == null ? "" : clean(e.where()) + ": ") + clean(e.message());
            case Event.Note e -> "#" + e.step() + " note " + clean(e.message());
            case Event.StepKnown e ->
                "#" + e.step() + " [" + word(e.stage()) + " " + e.number() + "/" + e.total() + " :" + e.line() + "] "
                        + clean(e.instruction());
            case Event.StepStarted e -> "#" + e.step() + " STARTED";
            case Event.StepOutput e -> "#" + e.step() + " " + seconds(e.seconds(), 3) + " " + output(e.text());
            case Event.StepCached e -> "#" + e.step() + " CACHED";
            case Event.StepMissed e -> "#" + e.step() + " MISSED " + clean(e.reason());
            case Event.StepMemory e -> "#" + e.step() + " memory " + e.peak();
            case Event.StepHeld e -> "#" + e.step() + " HELD " + e.seconds() + "s " + clean(e.message());
            case Event.StepDone e -> "#" + e.step() + " DONE " + seconds(e.seconds(), 1) + "s";
            case Event.StepFailed e ->
                "#" + e.step() + " FAILED " + seconds(e.seconds(), 1) + "s " + clean(e.message());
            case Event.StepCanceled e -> "#" + e.step() + " CANCELED";
            case Event.StepLayer e -> "#" + e.step() + " layer " + layer(e.layer()) + " " + e.tarSize();
            case Event.StackLayer e ->
                "stack " + (e.base() ? "base " : "own ") + layer(e.layer()) + " " + clean(e.createdBy());
            case Event.Ended(Outcome.Built built) -> {
                StringBuilder line = new StringBuilder("image " + built.digest());
                built.names().forEach(name -> line.append(' ').append(name));
                yield line.toString();
            }
            case Event.Ended(Outcome.Failed failed) -> "failed " + Json.text(failed.failure());
        };
    }

    /** Reads a line; empty where it is none of ours (a stack trace, a JVM's warning). */
    public static Optional<Event> read(String line) {
        try {
            return Optional.ofNullable(parse(line));
        } catch (IllegalArgumentException | IOException e) {
            return Optional.empty(); // not a line that write() made, so it is no event
        }
    }

    private static @org.jspecify.annotations.Nullable Event parse(String line) throws IOException {
        Matcher step = STEP.matcher(line);
        if (step.matches()) {
            return parseStep(Integer.parseInt(step.group(1)), step.group(2));
        }
        int space = line.indexOf(' ');
        if (space < 0) {
            return null;
        }
        String rest = line.substring(space + 1);
        return switch (line.substring(0, space)) {
            case "strata" -> {
                Matcher begun = BEGUN.matcher(line);
                yield begun.matches() ? new Event.Begun(begun.group(1), Long.parseLong(begun.group(2))) : null;
            }
            case "plan" -> {
                Matcher planned = PLANNED.matcher(line);
                yield planned.matches()
                        ? new Event.Planned(
                                Platform.parse(planned.group(1)),
                                Integer.parseInt(planned.group(2)),
                                Integer.parseInt(planned.group(3)))
                        : null;
            }
            case "source" -> {
                String[] words = rest.split(" ", 2);
                yield words.length == 2 ? new Event.SourceReady(words[0], words[1]) : null;
            }
            case "base" -> {
                String[] words = rest.split(" ", 2);
                yield words.length == 2
                        ? new Event.BaseResolved(Reference.parse(words[0]), Digest.parse(words[1]))
                        : null;
            }
            case "rebase" -> {
                String[] words = rest.split(" ", 2);
                yield new Event.BaseUsed(Reference.parse(words[0]), words.length == 2 ? words[1] : "");
            }
            case "warning" -> new Event.Warning(null, rest);
            case "stack" -> parseStack(rest);
            case "image" -> {
                String[] words = rest.split(" ");
                yield new Event.Ended(new Outcome.Built(
                        Digest.parse(words[0]),
                        java.util.Arrays.stream(words)
                                .skip(1)
                                .map(Reference::parse)
                                .toList()));
            }
            case "failed" ->
                new Event.Ended(new Outcome.Failed(Json.read(rest.getBytes(StandardCharsets.UTF_8), Failure.class)));
            default -> null;
        };
    }

    private static @org.jspecify.annotations.Nullable Event parseStep(int step, String rest) {
        Matcher output = OUTPUT.matcher(rest);
        if (output.matches()) {
            return new Event.StepOutput(step, Double.parseDouble(output.group(1)), output.group(2));
        }
        Matcher known = KNOWN.matcher(rest);
        if (known.matches()) {
            return new Event.StepKnown(
                    step,
                    known.group(1),
                    Integer.parseInt(known.group(2)),
                    Integer.parseInt(known.group(3)),
                    Integer.parseInt(known.group(4)),
                    known.group(5));
        }
        String[] words = rest.split(" ", 2);
        String tail = words.length == 2 ? words[1] : "";
        return switch (words[0]) {
            case "STARTED" -> new Event.StepStarted(step);
            case "CACHED" -> new Event.StepCached(step);
            case "MISSED" -> new Event.StepMissed(step, tail);
            case "CANCELED" -> new Event.StepCanceled(step);
            case "note" -> new Event.Note(step, tail);
            case "memory" -> tail.matches("\\d{1,18}") ? new Event.StepMemory(step, Long.parseLong(tail)) : null;
            case "HELD" -> {
                String[] parts = tail.split(" ", 2);
                yield parts[0].matches("\\d{1,9}s")
                        ? new Event.StepHeld(
                                step,
                                Long.parseLong(parts[0].substring(0, parts[0].length() - 1)),
                                parts.length == 2 ? parts[1] : "")
                        : null;
            }
            case "DONE" -> new Event.StepDone(step, parseSeconds(tail));
            case "FAILED" -> {
                String[] parts = tail.split(" ", 2);
                yield new Event.StepFailed(step, parseSeconds(parts[0]), parts.length == 2 ? parts[1] : "");
            }
            case "layer" -> {
                Matcher layer = LAYER.matcher(tail);
                yield layer.matches() && layer.group(5) != null
                        ? new Event.StepLayer(step, layer(layer), Long.parseLong(layer.group(5)))
                        : null;
            }
            default -> null;
        };
    }

    private static @org.jspecify.annotations.Nullable Event parseStack(String rest) {
        String[] words = rest.split(" ", 2);
        Matcher layer = LAYER.matcher(words.length == 2 ? words[1] : "");
        if (!layer.matches() || !(words[0].equals("base") || words[0].equals("own"))) {
            return null;
        }
        return new Event.StackLayer(
                layer(layer), words[0].equals("base"), layer.group(5) == null ? "" : layer.group(5));
    }

    private static Layer layer(Matcher match) {
        return new Layer(
                new Descriptor(match.group(3), Digest.parse(match.group(1)), Long.parseLong(match.group(2))),
                Digest.parse(match.group(4)));
    }

    private static String layer(Layer layer) {
        return layer.blob().digest() + " " + layer.blob().size() + " "
                + layer.blob().mediaType() + " diff " + layer.diffId();
    }

    private static String seconds(double value, int digits) {
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    private static double parseSeconds(String text) {
        if (!text.matches("\\d{1,12}\\.\\ds")) {
            throw new IllegalArgumentException("not a duration: " + text);
        }
        return Double.parseDouble(text.substring(0, text.length() - 1));
    }

    private static String word(String text) {
        return text.isEmpty() ? "-" : text.replaceAll("[\\s\\p{Cntrl}]", "_");
    }

    private static String clean(String text) {
        return text.replaceAll("\\p{Cntrl}+", " ");
    }

    private static String output(String text) {
        return text.replaceAll("[\\p{Cntrl}&&[^\\t\\x1b]]", " ");
    }
}
