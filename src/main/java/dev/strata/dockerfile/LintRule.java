package dev.strata.dockerfile;

import org.jspecify.annotations.Nullable;

/**
 * What a Dockerfile can be warned of. Names that BuildKit's build checks have too mean the same here, so that {@code #
 * check=skip=} serves both. Each rule has a section of that name in docs/lint.md, with a bad and a good example.
 */
public enum LintRule {
    CONSISTENT_INSTRUCTION_CASING(
            "ConsistentInstructionCasing", "Instructions are all written in capitals or all in small letters."),
    COPY_IGNORED_FILE("CopyIgnoredFile", "COPY and ADD name files that the ignore file leaves out."),
    DUPLICATE_STAGE_NAME("DuplicateStageName", "Two stages have the same name; the first cannot be reached by it."),
    EXPOSE_INVALID_FORMAT("ExposeInvalidFormat", "EXPOSE names ports of the container, no address and no host's port."),
    EXPOSE_PROTO_CASING("ExposeProtoCasing", "Protocols in EXPOSE are written in small letters."),
    FROM_AS_CASING("FromAsCasing", "FROM and AS are written in the same case."),
    FROM_PLATFORM_FLAG_CONST_DISALLOWED(
            "FromPlatformFlagConstDisallowed", "A constant --platform ties a stage to one platform."),
    INVALID_BASE_IMAGE_PLATFORM(
            "InvalidBaseImagePlatform", "The base image is not made for the platform that is built."),
    INVALID_DEFAULT_ARG_IN_FROM(
            "InvalidDefaultArgInFrom", "Without build arguments the base is blank or no image name."),
    INVALID_DEFINITION_DESCRIPTION(
            "InvalidDefinitionDescription",
            "The comment above an ARG or a named FROM begins with the name that it explains.",
            true),
    JSON_ARGS_RECOMMENDED(
            "JSONArgsRecommended", "CMD and ENTRYPOINT in JSON form get signals; behind a shell they do not."),
    LEGACY_KEY_VALUE_FORMAT("LegacyKeyValueFormat", "ENV and LABEL have an equals sign between name and value."),
    MAINTAINER_DEPRECATED("MaintainerDeprecated", "MAINTAINER is out of use; a label does the same."),
    MULTIPLE_INSTRUCTIONS_DISALLOWED(
            "MultipleInstructionsDisallowed",
            "Of several CMD, ENTRYPOINT or HEALTHCHECK in a stage only the last counts."),
    NO_EMPTY_CONTINUATION("NoEmptyContinuation", "Empty lines between continued lines are easily misread."),
    REDUNDANT_TARGET_PLATFORM("RedundantTargetPlatform", "--platform=$TARGETPLATFORM is what FROM does anyway."),
    RESERVED_STAGE_NAME("ReservedStageName", "scratch and context mean something else than a stage."),
    SECRETS_USED_IN_ARG_OR_ENV(
            "SecretsUsedInArgOrEnv", "ARG and ENV stay in the image's configuration and history for all to read."),
    STAGE_NAME_CASING("StageNameCasing", "Stage names are written in small letters."),
    UNDEFINED_ARG_IN_FROM("UndefinedArgInFrom", "FROM uses a variable that no ARG before the first FROM declares."),
    UNDEFINED_VAR("UndefinedVar", "A variable is used that is not set at that place."),
    WORKDIR_RELATIVE_PATH("WorkdirRelativePath", "A relative WORKDIR depends on what the base image has."),

    ADD_URL_WITHOUT_CHECKSUM(
            "AddUrlWithoutChecksum",
            "ADD of a URL without --checksum takes whatever the server sends that day.",
            Origin.STRATA),
    BASE_IMAGE_NOT_PINNED(
            "BaseImageNotPinned", "A base without a tag, or with latest, changes under the build.", Origin.STRATA),
    CHANGE_OF_OWNER_AFTER_COPY(
            "ChangeOfOwnerAfterCopy",
            "chown or chmod in a RUN of its own stores all the files a second time.",
            Origin.STRATA),
    CONTEXT_COPIED_TOO_EARLY(
            "ContextCopiedTooEarly",
            "A RUN that needs few or none of the copied files runs again whenever any of them changes.",
            Origin.STRATA),
    DOWNLOAD_NOT_VERIFIED(
            "DownloadNotVerified",
            "A download is run unseen, or its server's certificate is not checked.",
            Origin.STRATA),
    PACKAGE_CACHE_LEFT("PackageCacheLeft", "A package manager's cache stays in a layer of the image.", Origin.STRATA),
    PACKAGE_INDEX_SEPARATE(
            "PackageIndexSeparate",
            "An index that is updated in a RUN of its own comes from the cache long after it is stale.",
            Origin.STRATA),
    SECRET_VALUE("SecretValue", "A value has the form of a key or a token.", Origin.STRATA);

    /** Who has the rule. */
    public enum Origin {
        /** BuildKit's build checks have it too. */
        BUILDKIT,
        STRATA
    }

    /** How bad it is. */
    public enum Severity {
        /** Somebody is harmed: the build should not go on. */
        ERROR,
        WARNING,
        /** The build works and is slower or larger than it need be. */
        NOTE
    }

    private final String ruleName;
    private final String sentence;
    private final Origin origin;
    private final boolean experimental;

    LintRule(String ruleName, String sentence) {
        this(ruleName, sentence, Origin.BUILDKIT, false);
    }

    LintRule(String ruleName, String sentence, boolean experimental) {
        this(ruleName, sentence, Origin.BUILDKIT, experimental);
    }

    LintRule(String ruleName, String sentence, Origin origin) {
        this(ruleName, sentence, origin, false);
    }

    LintRule(String ruleName, String sentence, Origin origin, boolean experimental) {
        this.ruleName = ruleName;
        this.sentence = sentence;
        this.origin = origin;
        this.experimental = experimental;
    }

    /** The name that users see and write, such as {@code StageNameCasing}. */
    public String ruleName() {
        return ruleName;
    }

    public String sentence() {
        return sentence;
    }

    public Origin origin() {
        return origin;
    }

    /** Whether the rule is off until {@code experimental=} switches it on. */
    public boolean experimental() {
        return experimental;
    }

    public Severity severity() {
        return switch (this) {
            case SECRET_VALUE -> Severity.ERROR;
            case CHANGE_OF_OWNER_AFTER_COPY, CONTEXT_COPIED_TOO_EARLY, PACKAGE_CACHE_LEFT -> Severity.NOTE;
            default -> Severity.WARNING;
        };
    }

    /** Its place in the documentation, relative to the project's root. */
    public String page() {
        return "docs/lint.md#" + ruleName.toLowerCase(java.util.Locale.ROOT);
    }

    /** The rule of this name; null where there is none. */
    public static @Nullable LintRule named(String name) {
        for (LintRule rule : values()) {
            if (rule.ruleName.equals(name)) {
                return rule;
            }
        }
        return null;
    }
}
