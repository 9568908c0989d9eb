package dev.strata.dockerfile;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which words of an instruction have their variables expanded; patterns of {@code --exclude} have not. */
final class ExpandedWords {
    private ExpandedWords() {}

    static List<String> of(Instruction instruction) {
        return switch (instruction) {
            case Instruction.Env env -> pairs(env.pairs());
            case Instruction.Label label -> pairs(label.pairs());
            case Instruction.Arg arg ->
                arg.arguments().stream()
                        .map(Instruction.Argument::value)
                        .filter(Objects::nonNull)
                        .toList();
            case Instruction.Copy copy -> transfer(copy.sources(), copy.destination(), copy.chown(), copy.chmod());
            case Instruction.Add add ->
                transfer(add.sources(), add.destination(), add.chown(), add.chmod(), add.checksum());
            case Instruction.Workdir workdir -> List.of(workdir.path());
            case Instruction.User user -> List.of(user.user());
            case Instruction.Volume volume -> volume.paths();
            case Instruction.StopSignal signal -> List.of(signal.signal());
            case Instruction.Run run ->
                run.mounts().stream().flatMap(ExpandedWords::options).toList();
            case Instruction.Expose ignored -> List.of();
            case Instruction.Cmd ignored -> List.of();
            case Instruction.Entrypoint ignored -> List.of();
            case Instruction.Healthcheck ignored -> List.of();
            case Instruction.Shell ignored -> List.of();
            case Instruction.OnBuild ignored -> List.of();
            case Instruction.Maintainer ignored -> List.of();
        };
    }

    /** Texts of heredocs that are expanded; RUN leaves its own to the shell. */
    static List<String> heredocs(Instruction instruction) {
        List<Heredoc> heredocs = switch (instruction) {
            case Instruction.Copy copy -> copy.heredocs();
            case Instruction.Add add -> add.heredocs();
            default -> List.of();
        };
        return heredocs.stream().filter(Heredoc::expand).map(Heredoc::text).toList();
    }

    private static List<String> pairs(List<Instruction.Pair> pairs) {
        return pairs.stream()
                .flatMap(pair -> Stream.of(pair.name(), pair.value()))
                .toList();
    }

    private static List<String> transfer(List<String> sources, String destination, @Nullable String... flags) {
        List<String> words = new ArrayList<>(sources);
        words.add(destination);
        for (String flag : flags) {
            if (flag != null) {
                words.add(flag);
            }
        }
        return words;
    }

    private static Stream<String> options(String mount) {
        try {
            return CommaFields.split(mount).stream()
                    .filter(field -> field.indexOf('=') >= 0)
                    .map(field -> field.substring(field.indexOf('=') + 1));
        } catch (IllegalArgumentException e) {
            return Stream.of();
        }
    }
}
