package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The tables of README.md against the class files: the picture cannot become false. */
class ArchitectureTest {
    private static final String ROOT = "dev.strata";
    private static final Pattern DOCUMENTATION = Pattern.compile("/\\*\\*(.*?)\\*/", Pattern.DOTALL);

    private static PackageTable table;
    private static JavaClasses classes;

    @BeforeAll
    static void readTableAndClasses() throws IOException {
        table = PackageTable.read();
        classes = new ClassFileImporter().importPath(Path.of("target/classes"));
    }

    /** The row that a class belongs to; the empty text is the root package, the command line. */
    private static String row(JavaClass type) {
        String name = type.getBaseComponentType().getPackageName();
        if (!name.startsWith(ROOT + ".")) {
            return "";
        }
        return name.substring(ROOT.length() + 1).split("\\.", 2)[0];
    }

    /** The name of the file that a class is written in. */
    private static String outermost(JavaClass type) {
        String name = type.getName();
        return name.substring(name.lastIndexOf('.') + 1).split("\\$", 2)[0];
    }

    private static boolean isOurs(JavaClass type) {
        String name = type.getBaseComponentType().getPackageName();
        return name.equals(ROOT) || name.startsWith(ROOT + ".");
    }

    private static Stream<Dependency> dependencies() {
        return classes.stream().flatMap(type -> type.getDirectDependenciesFromSelf().stream());
    }

    private static List<String> violations(String from, String to) {
        return dependencies()
                .filter(each -> row(each.getOriginClass()).equals(from))
                .filter(each ->
                        each.getTargetClass().getBaseComponentType().getName().startsWith(to))
                .map(Dependency::getDescription)
                .distinct()
                .toList();
    }

    @Test
    void theTableHasThePackagesThatThereAre() {
        Set<String> there = classes.stream()
                .map(ArchitectureTest::row)
                .filter(row -> !row.isEmpty())
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(table.packages().keySet()).containsExactlyInAnyOrderElementsOf(there);
    }

    @Test
    void aRowNamesOnlyRowsAboveItSoThereAreNoCycles() {
        List<String> above = new ArrayList<>();
        table.packages().forEach((name, row) -> {
            assertThat(above).as(name).containsAll(row.uses());
            above.add(name);
        });
        assertThat(above).isNotEmpty();
    }

    @Test
    void everyPackageUsesOnlyWhatItsRowAllows() {
        List<String> violations = dependencies()
                .filter(each -> isOurs(each.getTargetClass()))
                .filter(each -> !row(each.getOriginClass()).equals(row(each.getTargetClass())))
                .filter(each -> !row(each.getOriginClass()).isEmpty())
                .filter(each -> {
                    PackageTable.Row row = table.packages().get(row(each.getOriginClass()));
                    return row == null || !row.uses().contains(row(each.getTargetClass()));
                })
                .map(each -> row(each.getOriginClass()) + " must not use " + row(each.getTargetClass()) + ": "
                        + each.getDescription())
                .distinct()
                .toList();
        assertThat(violations).isEmpty();
    }

    @Test
    void librariesAreUsedAtHomeOnly() {
        assertThat(table.libraries()).isNotEmpty();
        List<String> violations = new ArrayList<>();
        dependencies()
                .forEach(each -> table.homesOf(
                                each.getTargetClass().getBaseComponentType().getName())
                        .forEach((library, homes) -> {
                            if (!homes.contains(row(each.getOriginClass()))
                                    && !homes.contains(outermost(each.getOriginClass()))) {
                                violations.add(library + " is not at home in \"" + row(each.getOriginClass()) + "\": "
                                        + each.getDescription());
                            }
                        }));
        assertThat(violations.stream().distinct()).isEmpty();
    }

    @Test
    void theOperatorNeverTouchesContent() {
        assertThat(violations("operator", ROOT + ".layer")).isEmpty();
        assertThat(violations("operator", ROOT + ".sandbox")).isEmpty();
        assertThat(violations("operator", ROOT + ".builder")).isEmpty();
    }

    @Test
    void theBuilderKnowsNoCluster() {
        for (String engine : List.of("builder", "sandbox", "context", "graph", "layer", "registry", "plan", "image")) {
            assertThat(violations(engine, "io.fabric8.")).as(engine).isEmpty();
            assertThat(violations(engine, ROOT + ".api")).as(engine).isEmpty();
        }
    }

    @Test
    void everyPackageBeginsWithTheSentenceOfTheTable() throws IOException {
        for (String name : table.packages().keySet()) {
            Path file = Path.of("src/main/java/dev/strata", name, "package-info.java");
            Matcher documentation = DOCUMENTATION.matcher(Files.readString(file));
            assertThat(documentation.find()).as(name).isTrue();
            String text = documentation
                    .group(1)
                    .replaceAll("\\n\\s*\\*", " ")
                    .replaceAll("\\s+", " ")
                    .strip();
            assertThat(text).as(name).startsWith(table.packages().get(name).sentence());
        }
    }
}
