package dev.strata;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.constant.ClassDesc;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * {@code strata stack-maps JAR}: gives the classes of a library the stack maps that Java's cache of loaded classes asks
 * for. Classes that were compiled for a Java before 6, such as picocli's, have none; they are kept out of the cache, and
 * every start reads and verifies them anew. What the classes do stays as it was. It is what {@code bin/strata-aot} begins
 * with, and no person has a use for it.
 *
 * <p>Source: The Java Virtual Machine Specification, 4.10.
 */
final class StackMaps {
    static final String NAME = "stack-maps";

    /** Its presence says that a jar has been through here, as the licences of libraries want it said. */
    static final String NOTICE = "META-INF/stack-maps.txt";

    private static final ClassFileVersion WITH_STACK_MAPS = ClassFileVersion.of(ClassFile.JAVA_8_VERSION, 0);

    private StackMaps() {}

    /** Changes a jar where it lies; one that has been changed is left alone. */
    static int run(Path jar) {
        Path made = jar.resolveSibling(jar.getFileName() + ".part");
        try (ZipFile before = new ZipFile(jar.toFile())) {
            if (before.getEntry(NOTICE) != null) {
                return Main.OK;
            }
            write(before, made);
            Files.setLastModifiedTime(made, Files.getLastModifiedTime(jar));
            Files.move(made, jar, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return Main.OK;
        } catch (IOException e) {
            throw new UncheckedIOException("the classes of " + jar + " cannot be given stack maps", e);
        }
    }

    private static void write(ZipFile before, Path made) throws IOException {
        ClassFile classes = ClassFile.of(
                ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
                ClassFile.ClassHierarchyResolverOption.of(
                        ClassHierarchyResolver.ofResourceParsing((ClassDesc name) -> opened(before, name))
                                .orElse(ClassHierarchyResolver.defaultResolver())));
        try (ZipOutputStream after = new ZipOutputStream(Files.newOutputStream(made))) {
            for (ZipEntry entry : Collections.list(before.entries())) {
                byte[] bytes = before.getInputStream(entry).readAllBytes();
                put(after, entry, entry.getName().endsWith(".class") ? renewed(classes, bytes) : bytes);
            }
            ZipEntry notice = new ZipEntry(NOTICE);
            notice.setTimeLocal(Collections.list(before.entries()).getFirst().getTimeLocal());
            put(
                    after,
                    notice,
                    "Strata has given the class files stack maps; nothing else was changed.\n"
                            .getBytes(StandardCharsets.UTF_8));
        }
    }

    /** A class file of the jar; null where it has none of that name. */
    private static @Nullable InputStream opened(ZipFile jar, ClassDesc name) {
        String descriptor = name.descriptorString(); // Lpackage/Name;
        ZipEntry entry = jar.getEntry(descriptor.substring(1, descriptor.length() - 1) + ".class");
        try {
            return entry == null ? null : jar.getInputStream(entry);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void put(ZipOutputStream jar, ZipEntry like, byte[] bytes) throws IOException {
        ZipEntry entry = new ZipEntry(like.getName());
        entry.setTimeLocal(like.getTimeLocal());
        jar.putNextEntry(entry);
        jar.write(bytes);
        jar.closeEntry();
    }

    /** The class as it was, where it is of a version that has stack maps. */
    private static byte[] renewed(ClassFile classes, byte[] bytes) {
        ClassModel model = classes.parse(bytes);
        if (model.majorVersion() >= ClassFile.JAVA_6_VERSION) {
            return bytes;
        }
        MethodTransform anew = MethodTransform.transformingCode(CodeTransform.ACCEPT_ALL);
        ClassTransform renewal = (builder, element) -> {
            switch (element) {
                case ClassFileVersion _ -> builder.with(WITH_STACK_MAPS);
                case MethodModel method -> builder.transformMethod(method, anew);
                default -> builder.with(element);
            }
        };
        return classes.transformClass(model, renewal);
    }
}
