package dev.strata.context;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Runs git cut off from its surroundings: no configuration of system or user, no hooks, no questions, no protocol but
 * the allowed ones. Configuration goes in by the environment, so that git's own children (submodules, transports, LFS)
 * have it too.
 */
final class GitCommand {
    /** Of what git writes to its error stream, this many last lines are kept. */
    private static final int ERROR_LINES = 20;

    /** More than any list of files or references that is asked for here. */
    private static final int OUTPUT_BYTES = 64 << 20;

    private static final List<String> PASSED = List.of(
            "PATH", "SSH_AUTH_SOCK", "http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY");

    private final Path folder;
    private final SequencedMap<String, String> environment;
    private final Watch watch;

    /** A killed process ends at once, unless the disk keeps it. */
    private static final Duration ENDING = Duration.ofSeconds(30);

    /** Is asked while git runs, again and again. */
    interface Watch {
        /** How long until the next look. */
        Duration pause();

        /** Throws where git must not go on; it is ended then, with its children. */
        void look();
    }

    /**
     * @param folder where git works
     * @param home an empty folder, for programs that insist on one
     * @param protocols what git may speak, separated by colons
     * @param configuration in git's own names
     * @param more variables, such as GIT_SSH_COMMAND
     */
    GitCommand(
            Path folder,
            Path home,
            String protocols,
            Map<String, String> configuration,
            Map<String, String> more,
            Watch watch) {
        this.folder = folder;
        this.watch = watch;
        this.environment = new LinkedHashMap<>();
        environment.put("LC_ALL", "C.UTF-8");
        environment.put("HOME", home.toString());
        environment.put("GIT_TERMINAL_PROMPT", "0");
        environment.put("GIT_CONFIG_NOSYSTEM", "1");
        environment.put("GIT_CONFIG_GLOBAL", "/dev/null");
        environment.put("GIT_ATTR_NOSYSTEM", "1");
        environment.put("GIT_TEMPLATE_DIR", ""); // no sample hooks in each submodule
        environment.put("GIT_ALLOW_PROTOCOL", protocols);
        environment.put("GIT_LFS_SKIP_SMUDGE", "0");
        environment.putAll(more);
        int count = 0;
        for (Map.Entry<String, String> entry : configuration.entrySet()) {
            environment.put("GIT_CONFIG_KEY_" + count, entry.getKey());
            environment.put("GIT_CONFIG_VALUE_" + count, entry.getValue());
            count++;
        }
        environment.put("GIT_CONFIG_COUNT", Integer.toString(count));
    }

    /** Whether a program is on the PATH, which git has, too. */
    static boolean isHere(String program) {
        String path = Objects.requireNonNullElse(System.getenv("PATH"), "");
        return Arrays.stream(path.split(File.pathSeparator))
                .anyMatch(folder -> !folder.isEmpty() && Files.isExecutable(Path.of(folder, program)));
    }

    /** @param errors the last lines of the error stream */
    record Result(int exitCode, String output, String errors) {
        boolean succeeded() {
            return exitCode == 0;
        }
    }

    /** Runs to the end. An interrupt kills git and its children and is thrown on as {@link CancelledByInterrupt}. */
    Result run(String... arguments) {
        return readBy(GitCommand::all, arguments);
    }

    /**
     * Runs git and tells its output line by line, each cut at a length.
     *
     * @param wanted answers false when nothing more is wanted; then git is ended and the result is no success
     */
    Result run(Predicate<String> wanted, String... arguments) {
        return readBy(stream -> tell(stream, wanted), arguments);
    }

    private static String tell(InputStream stream, Predicate<String> wanted) {
        try (BoundedLines lines = new BoundedLines(stream)) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                if (!wanted.test(line)) {
                    break; // Closing the pipe ends git.
                }
            }
            return "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Result readBy(Function<InputStream, String> reader, String... arguments) {
        try {
            Process process = start(arguments);
            CompletableFuture<String> errors = CompletableFuture.supplyAsync(
                    () -> lastLines(process.getErrorStream()),
                    task -> Thread.ofVirtual().start(task));
            try {
                process.getOutputStream().close();
                CompletableFuture<String> output = CompletableFuture.supplyAsync(
                        () -> reader.apply(process.getInputStream()),
                        task -> Thread.ofVirtual().start(task));
                while (!process.waitFor(watch.pause().toMillis(), TimeUnit.MILLISECONDS)) {
                    watch.look();
                }
                int exitCode = process.exitValue();
                return new Result(exitCode, output.join(), errors.join());
            } finally {
                if (process.isAlive()) { // to look for children is to look at all processes there are
                    end(process);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancelledByInterrupt("git " + arguments[0]);
        } catch (IOException e) {
            throw new UncheckedIOException("git cannot be started; is it installed?", e);
        }
    }

    /** Afterwards nothing writes any more, so that the files can be removed. */
    private static void end(Process process) {
        List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle()))
                .toList();
        all.forEach(ProcessHandle::destroyForcibly);
        CompletableFuture.allOf(all.stream().map(ProcessHandle::onExit).toArray(CompletableFuture<?>[]::new))
                .completeOnTimeout(null, ENDING.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    private Process start(String... arguments) throws IOException {
        // The mask makes modes the same wherever the build runs.
        List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", "umask 022 && exec git \"$@\"", "git"));
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        Map<String, String> target = builder.environment();
        Map<String, String> outer = new LinkedHashMap<>(target);
        target.clear();
        PASSED.forEach(name -> {
            String value = outer.get(name);
            if (value != null) {
                target.put(name, value);
            }
        });
        target.putAll(environment);
        return builder.start();
    }

    private static String all(InputStream stream) {
        try (stream) {
            ByteArrayOutputStream kept = new ByteArrayOutputStream();
            byte[] buffer = new byte[8192];
            for (int read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
                kept.write(buffer, 0, Math.min(read, OUTPUT_BYTES - kept.size()));
            }
            return kept.toString(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String lastLines(InputStream stream) {
        Deque<String> lines = new ArrayDeque<>();
        try (BoundedLines reader = new BoundedLines(stream)) {
            for (String line = reader.next(); line != null; line = reader.next()) {
                lines.add(line);
                if (lines.size() > ERROR_LINES) {
                    lines.removeFirst();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return String.join("\n", lines);
    }

    /** The thread was interrupted while git ran: the build is being stopped. */
    static final class CancelledByInterrupt extends java.util.concurrent.CancellationException {
        CancelledByInterrupt(String what) {
            super(what + " was stopped");
        }
    }
}
