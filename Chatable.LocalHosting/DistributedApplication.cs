namespace Chatable.LocalHosting;

internal sealed class DistributedApplication;
