using System.Diagnostics;

namespace DistBp.Cluster.Storage;

/// <summary>The element types of a safetensors file; the names are those that its header uses.</summary>
public enum SafetensorsType
{
    BOOL, U8, I8, I16, U16, F16, BF16, I32, U32, F32, F64, I64, U64,
}

internal static class SafetensorsTypes
{
    public static int SizeBytes(this SafetensorsType type) => type switch
    {
        SafetensorsType.BOOL or SafetensorsType.U8 or SafetensorsType.I8 => 1,
        SafetensorsType.I16 or SafetensorsType.U16 or SafetensorsType.F16 or SafetensorsType.BF16 => 2,
        SafetensorsType.I32 or SafetensorsType.U32 or SafetensorsType.F32 => 4,
        SafetensorsType.F64 or SafetensorsType.I64 or SafetensorsType.U64 => 8,
        _ => throw new UnreachableException(),
    };

    /// <summary>Exact names only: Enum.TryParse alone would take "7" and "F32, I8" too.</summary>
    public static bool TryParse(string name, out SafetensorsType type) =>
        Enum.TryParse(name, out type) && Enum.IsDefined(type) && type.ToString() == name;
}
