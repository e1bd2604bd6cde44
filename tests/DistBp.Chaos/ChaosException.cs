namespace DistBp.Chaos;

/// <summary>The cluster did not do what it must: there is nothing to compare.</summary>
internal sealed class ChaosException(string message) : Exception(message);
