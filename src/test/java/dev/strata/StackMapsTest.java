package dev.strata;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.classfile.ClassFile;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Java's cache takes no class without stack maps; picocli comes without. */
class StackMapsTest {
    @TempDir
    private Path folder;

    @Test
    void aLibraryForAnOldJavaIsOneThatCanBeCachedAndDoesTheSame() throws Exception {
        Path jar = copyOfPicocli();

        assertThat(StackMaps.run(jar)).isEqualTo(Main.OK);

        try (ZipFile made = new ZipFile(jar.toFile());
                ZipFile before = new ZipFile(picocli().toFile());
                URLClassLoader loader =
                        new URLClassLoader(new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
            assertThat(made.size()).isEqualTo(before.size() + (before.getEntry(StackMaps.NOTICE) == null ? 1 : 0));
            for (ZipEntry entry : Collections.list(made.entries())) {
                if (entry.getName().endsWith(".class")) {
                    byte[] bytes = made.getInputStream(entry).readAllBytes();
                    assertThat(ClassFile.of().parse(bytes).majorVersion())
                            .as(entry.getName())
                            .isGreaterThanOrEqualTo(ClassFile.JAVA_6_VERSION);
                    if (!entry.getName().contains("module-info")
                            && !entry.getName().contains("groovy")) {
                        verified(loader, entry.getName());
                    }
                }
            }
            Class<?> commandLine = loader.loadClass("picocli.CommandLine");
            assertThat(commandLine.getField("VERSION").get(null)).isEqualTo(CommandLine.VERSION);
        }
    }

    /** Initializing a class verifies it. */
    private static void verified(ClassLoader loader, String entry) throws ClassNotFoundException {
        String name = entry.substring(0, entry.length() - ".class".length()).replace('/', '.');
        assertThat(Class.forName(name, true, loader).getName()).isEqualTo(name);
    }

    @Test
    void whatHasStackMapsIsLeftAsItIs() throws Exception {
        Path jar = copyOfPicocli();
        StackMaps.run(jar);
        byte[] once = Files.readAllBytes(jar);

        StackMaps.run(jar);

        assertThat(Files.readAllBytes(jar)).isEqualTo(once);
    }

    private Path copyOfPicocli() throws Exception {
        return Files.copy(picocli(), folder.resolve("picocli.jar"));
    }

    private static Path picocli() throws Exception {
        return Path.of(CommandLine.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
    }
}
