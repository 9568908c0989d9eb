package dev.strata.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.crdv2.generator.CRDPostProcessor;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionVersion;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The CRDs in {@code crds/} are what the records say; {@code -Dgolden=write} writes them anew. */
class CustomResourceDefinitionsTest {
    private static final Path COMMITTED = Path.of("crds");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"imagebuilds.strata.dev", "buildclasses.strata.dev"})
    void theCommittedDefinitionIsTheGeneratedOne(String name) throws IOException {
        String generated = generate(name);
        Path committed = COMMITTED.resolve(name + ".yaml");
        if ("write".equals(System.getProperty("golden"))) {
            Files.createDirectories(COMMITTED);
            Files.writeString(committed, generated);
        }
        assertThat(committed)
                .as("crds/ is stale; write it anew with mvn test -Dtest=CustomResourceDefinitionsTest -Dgolden=write")
                .hasContent(generated);
    }

    @ParameterizedTest
    @ValueSource(strings = {"imagebuilds.strata.dev", "buildclasses.strata.dev"})
    void everyFieldIsExplainedByASentence(String name) throws IOException {
        CustomResourceDefinition definition = Serialization.unmarshal(generate(name), CustomResourceDefinition.class);
        List<String> silent = new ArrayList<>();
        JSONSchemaProps root =
                definition.getSpec().getVersions().getFirst().getSchema().getOpenAPIV3Schema();
        collectSilent("", root, silent);
        assertThat(silent).isEmpty();
    }

    @Test
    void nothingUnknownIsKept() throws IOException {
        assertThat(generate("imagebuilds.strata.dev")).doesNotContain("preserve-unknown-fields");
    }

    private static void collectSilent(String path, JSONSchemaProps schema, List<String> silent) {
        if (schema.getProperties() == null) {
            return;
        }
        for (Map.Entry<String, JSONSchemaProps> property : new TreeMap<>(schema.getProperties()).entrySet()) {
            String place = path + "." + property.getKey();
            String description = property.getValue().getDescription();
            if (description == null || !description.endsWith(".")) {
                silent.add(place);
            }
            collectSilent(place, property.getValue(), silent);
            if (property.getValue().getItems() != null) {
                collectSilent(place + "[]", property.getValue().getItems().getSchema(), silent);
            }
        }
    }

    private String generate(String name) throws IOException {
        new CRDGenerator()
                .customResourceClasses(List.of(ImageBuild.class, BuildClass.class))
                .forCRDVersions("v1")
                .withPostProcessor(new Finish())
                .inOutputDir(folder.toFile())
                .generate();
        return Files.readString(folder.resolve(name + "-v1.yml"));
    }

    /** What the generator leaves: sentences for the parts that no record describes, order, and rules found twice. */
    private static final class Finish implements CRDPostProcessor {
        private static final List<String> COLUMNS =
                List.of("Ready", "Reason", "Image", "Layers", "Cached", "Isolation", "Timeout", "Age");

        @Override
        public HasMetadata process(HasMetadata generated, String version) {
            CustomResourceDefinition definition = (CustomResourceDefinition) generated;
            CustomResourceDefinitionVersion only =
                    definition.getSpec().getVersions().getFirst();
            only.getAdditionalPrinterColumns()
                    .sort(Comparator.comparingInt(column -> COLUMNS.indexOf(column.getName())));
            JSONSchemaProps root = only.getSchema().getOpenAPIV3Schema();
            describe(root, definition.getMetadata().getName().startsWith("imagebuilds"));
            onlyOnce(root);
            return definition;
        }

        private static void describe(JSONSchemaProps root, boolean build) {
            root.setDescription(
                    build
                            ? "One image that shall be in a registry: what to build, and what came of it."
                            : "What the platform team decides for the builds that name this class.");
            JSONSchemaProps spec = Objects.requireNonNull(root.getProperties().get("spec"));
            spec.setDescription(build ? "What to build and where the image goes." : "How builds of this class run.");
            if (build) {
                Objects.requireNonNull(root.getProperties().get("status")).setDescription("What became of it.");
                root.setRequired(List.of("spec"));
            } else {
                root.getProperties().remove("status");
            }
        }

        /** A rule on a record's component is found on its field and on its accessor. */
        private static void onlyOnce(JSONSchemaProps schema) {
            if (schema.getXKubernetesValidations() != null) {
                schema.setXKubernetesValidations(List.copyOf(new LinkedHashSet<>(schema.getXKubernetesValidations())));
            }
            if (schema.getProperties() != null) {
                schema.getProperties().values().forEach(Finish::onlyOnce);
            }
            if (schema.getItems() != null) {
                onlyOnce(schema.getItems().getSchema());
            }
        }
    }
}
