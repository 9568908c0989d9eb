package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ClassCommandTest {
    private static final String CLASS = """
            apiVersion: strata.dev/v1alpha1
            kind: BuildClass
            metadata: {name: strict, resourceVersion: "7"}
            spec:
            """;

    @TempDir
    Path folder;

    private record Answer(int code, List<String> lines) {}

    private Answer check(String classSpec, String... builds) throws IOException {
        StringWriter out = new StringWriter();
        CommandLine line = new CommandLine(new ClassCommand());
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(out, true));
        Stream.Builder<String> arguments = Stream.builder();
        arguments.add("check").add(write("class.yaml", classSpec));
        for (int i = 0; i < builds.length; i++) {
            arguments.add(write("build" + i + ".yaml", builds[i]));
        }
        int code = line.execute(arguments.build().toArray(String[]::new));
        return new Answer(
                code,
                out.toString()
                        .lines()
                        .map(each -> each.replace(folder + "/", ""))
                        .toList());
    }

    private String write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }

    @Test
    void aClassThatMakesSenseNeedsNoWord() throws IOException {
        Answer answer = check(CLASS + """
                  allowed: {registries: ["registry.example/{namespace}"], sources: ["https://git.example"]}
                  maximum: {timeout: 2h, retries: 5, resources: {memory: 8Gi}}
                  cache: {image: "registry.example/cache/{namespace}"}
                  registries: {mirrors: {docker.io: "https://mirror.example"}, plainHttp: ["10.0.0.5:5000"]}
                """);

        assertThat(answer).isEqualTo(new Answer(Main.OK, List.of("class strict: nothing to say")));
    }

    @Test
    void everyContradictionIsTold() throws IOException {
        Answer answer = check(CLASS + """
                  allowed: {registries: ["https://registry.example/*"], sources: ["https://*.example"]}
                  timeout: 3h
                  retry: {limit: 9}
                  maximum: {timeout: 2h, retries: 5, resources: {memory: 8Gi}}
                  pod: {resources: {requests: {cpu: 3, memory: 1Gi}, limits: {cpu: 2, memory: 10Gi}}}
                  cache: {image: "registry.example/cache/{team}"}
                  proxy: {http: "proxy.example:3128"}
                  registries: {mirrors: {docker.io: "mirror.example"}, plainHttp: ["http://10.0.0.5:5000"], caBundle: "none"}
                """);

        assertThat(answer.code()).isEqualTo(Main.FAILED);
        assertThat(answer.lines())
                .hasSize(11)
                .allSatisfy(line -> assertThat(line).startsWith("class.yaml: spec."));
        assertThat(answer.lines())
                .contains("class.yaml: spec.timeout: 3h is more than spec.maximum.timeout, 2h, which holds")
                .contains("class.yaml: spec.proxy.http: \"proxy.example:3128\" is no http or https URL");
    }

    @Test
    void buildsAreRefusedInTheWordsOfAdmission() throws IOException {
        Answer answer = check(CLASS + "  maximum: {timeout: 2h}\n", """
                kind: ImageBuild
                spec: {className: strict, timeout: 3h, output: {image: shop}}
                """, """
                kind: ImageBuild
                spec: {className: another, timeout: 3h, output: {image: shop}}
                """);

        assertThat(answer)
                .isEqualTo(new Answer(
                        Main.FAILED,
                        List.of("build0.yaml: spec.timeout: 3h is more than the class \"strict\" allows: 2h")));
    }

    @Test
    void anUnknownFieldIsNamedWithItsLine() throws IOException {
        Answer answer = check(CLASS + "  timeuot: 2h\n");

        assertThat(answer.code()).isEqualTo(Main.FAILED);
        assertThat(answer.lines().getFirst()).startsWith("class.yaml: spec.timeuot is no field of BuildClass (line ");
    }

    @Test
    void anotherKindIsNoClass() throws IOException {
        assertThat(check("kind: Pod\n").lines()).containsExactly("class.yaml: the document's kind is not BuildClass");
    }
}
