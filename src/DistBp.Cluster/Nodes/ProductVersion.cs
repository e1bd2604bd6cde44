using System.Reflection;

namespace DistBp.Cluster.Nodes;

/// <summary>The version of the product; nodes of different versions do not work together, for they might not give the same bits.</summary>
public static class ProductVersion
{
    /// <summary>"0.1.0".</summary>
    public static string Current { get; } = typeof(ProductVersion).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
