package dev.strata;

import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** {@code strata} as a process of its own, from the classes that the tests run with. */
public final class JavaProcess {
    private JavaProcess() {}

    /** The words that start it; others may be put before them. */
    public static List<String> strata(String... arguments) {
        return of(Main.class, List.of(), arguments);
    }

    /** The same for any class with a main method. */
    public static List<String> of(Class<?> main, List<String> options, String... arguments) {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classPath()));
        words.addAll(options);
        words.add(main.getName());
        words.addAll(List.of(arguments));
        return words;
    }

    private static String classPath() {
        if (Main.class.getClassLoader() instanceof URLClassLoader loader) {
            return Arrays.stream(loader.getURLs()).map(URL::getPath).collect(Collectors.joining(":"));
        }
        return System.getProperty("java.class.path");
    }
}
