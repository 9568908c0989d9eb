package dev.strata.dockerfile;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One instruction of a stage, with every flag of the Dockerfile reference. Values are as written: variables are not
 * expanded, quotes are still there where the instruction keeps them for the expansion. A flag that was not given is
 * null, or an empty list where it may be repeated.
 */
public sealed interface Instruction {

    Source source();

    /** The lines it takes up. */
    default Location location() {
        return source().location();
    }

    /** Its text on one line, as written. */
    default String original() {
        return source().original();
    }

    /** The instruction's name in capitals. */
    default String keyword() {
        return source().keyword().toUpperCase(java.util.Locale.ROOT);
    }

    /**
     * Runs a command and keeps what it changed.
     *
     * @param heredocs the texts written in place; the command's line names them
     * @param mounts values of {@code --mount}; read them with {@link RunMount#parse}
     * @param network {@code default}, {@code none} or {@code host}; null: default
     * @param security {@code sandbox} or {@code insecure}; null: sandbox
     * @param devices values of {@code --device}; read them with {@link RunDevice#parse}
     */
    record Run(
            Source source,
            Command command,
            List<Heredoc> heredocs,
            List<String> mounts,
            @Nullable String network,
            @Nullable String security,
            List<String> devices)
            implements Instruction {
        public Run {
            heredocs = List.copyOf(heredocs);
            mounts = List.copyOf(mounts);
            devices = List.copyOf(devices);
        }
    }

    /**
     * Copies files from the build context, a stage or an image.
     *
     * @param sources paths or patterns, without the heredocs
     * @param heredocs files written in place, copied after the sources
     * @param from a stage's name or number, a named context or an image; null: the build context
     * @param chmod octal or symbolic
     */
    record Copy(
            Source source,
            List<String> sources,
            List<Heredoc> heredocs,
            String destination,
            @Nullable String from,
            @Nullable String chown,
            @Nullable String chmod,
            boolean link,
            boolean parents,
            List<String> exclude)
            implements Instruction {
        public Copy {
            sources = List.copyOf(sources);
            heredocs = List.copyOf(heredocs);
            exclude = List.copyOf(exclude);
        }
    }

    /**
     * Copies files from the build context, or from a URL or a git repository, and unpacks local archives.
     *
     * @param keepGitDir whether {@code .git} is kept of a git source; null: the URL's query decides
     * @param unpack whether archives are unpacked; null: local ones are, those from a URL are not
     */
    record Add(
            Source source,
            List<String> sources,
            List<Heredoc> heredocs,
            String destination,
            @Nullable String chown,
            @Nullable String chmod,
            boolean link,
            @Nullable Boolean keepGitDir,
            @Nullable String checksum,
            @Nullable Boolean unpack,
            List<String> exclude)
            implements Instruction {
        public Add {
            sources = List.copyOf(sources);
            heredocs = List.copyOf(heredocs);
            exclude = List.copyOf(exclude);
        }
    }

    /**
     * A name with its value.
     *
     * @param spaced written in the old way, {@code ENV name value}, without an equals sign
     */
    record Pair(String name, String value, boolean spaced) {}

    record Env(Source source, List<Pair> pairs) implements Instruction {
        public Env {
            pairs = List.copyOf(pairs);
        }
    }

    record Label(Source source, List<Pair> pairs) implements Instruction {
        public Label {
            pairs = List.copyOf(pairs);
        }
    }

    /**
     * Declares build arguments.
     */
    record Arg(Source source, List<Argument> arguments) implements Instruction {
        public Arg {
            arguments = List.copyOf(arguments);
        }
    }

    /**
     * One build argument.
     *
     * @param value the default, unexpanded; null where none was written
     * @param comment its explanation from the comments above; null where there is none
     */
    record Argument(
            String name, @Nullable String value, @Nullable String comment) {}

    record Workdir(Source source, String path) implements Instruction {}

    record User(Source source, String user) implements Instruction {}

    /** @param ports such as {@code 80}, {@code 8080/tcp} or {@code 7000-7010/udp} */
    record Expose(Source source, List<String> ports) implements Instruction {
        public Expose {
            ports = List.copyOf(ports);
        }
    }

    record Volume(Source source, List<String> paths) implements Instruction {
        public Volume {
            paths = List.copyOf(paths);
        }
    }

    record Cmd(Source source, Command command) implements Instruction {}

    record Entrypoint(Source source, Command command) implements Instruction {}

    record StopSignal(Source source, String signal) implements Instruction {}

    /**
     * How to see whether a container is well. Durations and retries that were not given are null.
     *
     * @param command null: HEALTHCHECK NONE, which switches off the base's check
     */
    record Healthcheck(
            Source source,
            @Nullable Command command,
            @Nullable Duration interval,
            @Nullable Duration timeout,
            @Nullable Duration startPeriod,
            @Nullable Duration startInterval,
            @Nullable Integer retries)
            implements Instruction {}

    /** @param arguments the shell that later shell forms are given to, such as {@code [/bin/bash, -c]} */
    record Shell(Source source, List<String> arguments) implements Instruction {
        public Shell {
            arguments = List.copyOf(arguments);
        }
    }

    /**
     * An instruction for the images that are built on this one.
     *
     * @param trigger its text, heredocs included; read it with {@link Dockerfile#parseTrigger}
     */
    record OnBuild(Source source, String trigger) implements Instruction {}

    /** Out of use; a label does the same. */
    record Maintainer(Source source, String maintainer) implements Instruction {}
}
