package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** docs/command-line.md has every command and every option, and none that there is not. */
class CommandLinePageTest {
    private static final Path PAGE = Path.of("docs/command-line.md");
    private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--?[a-z][a-z-]*");

    static Stream<String> commands() {
        return Main.commandLine().getSubcommands().keySet().stream();
    }

    private static Set<String> options(CommandLine command) {
        return command.getCommandSpec().optionsMap().keySet();
    }

    /** The page's sections by their titles. */
    private static Map<String, String> sections() throws IOException {
        Map<String, String> sections = new TreeMap<>();
        for (String section : Files.readString(PAGE).split("(?m)^## ")) {
            int end = section.indexOf('\n');
            sections.put(section.substring(0, end), section.substring(end));
        }
        return sections;
    }

    private static String section(String title) throws IOException {
        return Objects.requireNonNull(sections().get(title), () -> PAGE + " has no section \"" + title + "\"");
    }

    /** The options that the first cells of a section's tables name. */
    private static Set<String> named(String section) {
        return section.lines()
                .filter(line -> line.startsWith("| `-"))
                .map(line -> line.split("(?<!\\\\)\\|")[1])
                .flatMap(cell -> OPTION.matcher(cell).results().map(MatchResult::group))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyOptionOfACommandIsOnThePageAndNoOther(String name) throws IOException {
        Set<String> shared = named(section("How registries are reached"));
        Set<String> there = new TreeSet<>(options(
                Objects.requireNonNull(Main.commandLine().getSubcommands().get(name))));
        there.removeAll(Set.of("-h", "--help", "-V", "--version"));
        if (there.containsAll(shared)) {
            there.removeAll(shared);
        }
        if (name.equals("explain")) {
            there.removeAll(named(section("strata build"))); // its page says that it has them
        }
        assertThat(named(section("strata " + name))).isEqualTo(there);
    }

    @Test
    void theOptionsForRegistriesAreThoseThatCommandsShare() throws IOException {
        Set<String> shared = new TreeSet<>(options(new CommandLine(new PullCommand())));
        shared.retainAll(options(new CommandLine(new BuildCommand())));
        shared.removeAll(Set.of("-h", "--help", "-V", "--version", "--platform"));
        assertThat(named(section("How registries are reached"))).isEqualTo(shared);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void whatMayBeLeftOutStandsInBracketsOnThePage(String name) throws IOException {
        String usage = Objects.requireNonNull(sections().get("strata " + name))
                .lines()
                .filter(line -> line.startsWith("    strata " + name + " [OPTIONS]"))
                .findFirst()
                .orElseThrow();
        CommandLine command =
                Objects.requireNonNull(Main.commandLine().getSubcommands().get(name));
        for (CommandLine.Model.PositionalParamSpec parameter :
                command.getCommandSpec().positionalParameters()) {
            String label = parameter.paramLabel();
            assertThat(usage.contains("[" + label))
                    .as(label)
                    .isEqualTo(parameter.arity().min() == 0);
            assertThat(usage).contains(label);
        }
    }

    @Test
    void everyCommandIsInTheListAtTheTop() throws IOException {
        String top = Files.readString(PAGE);
        assertThat(commands()).allSatisfy(name -> assertThat(top).contains("[`" + name + "`](#strata-" + name + ")"));
    }
}
