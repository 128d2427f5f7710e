namespace Chatable.LocalHosting.Testing;

internal sealed class DistributedApplicationTestingBuilder;
