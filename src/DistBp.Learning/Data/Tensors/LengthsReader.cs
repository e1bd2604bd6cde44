using System.Globalization;

namespace DistBp.Learning.Data.Tensors;

/// <summary>
/// Reads how many steps of each sequence count: an npy or idx file of one whole number a sample, or a text file with one a line.
/// </summary>
internal static class LengthsReader
{
    /// <summary>More digits than a length can have.</summary>
    private const int MostLineLength = 64;

    /// <returns>[count], each in [1, steps].</returns>
    /// <param name="steps">Of the file of samples: its second dimension.</param>
    public static int[] Read(string path, int count, int steps)
    {
        byte[] start = DataFile.Start(path);
        bool isNpy = NpyHeader.Matches(start);
        float[] values = isNpy || IdxHeader.Matches(start) ? Tensor(path, isNpy ? DataFormat.Npy : DataFormat.Idx) : Lines(path, count);
        if (values.Length != count)
        {
            throw new UserException(ErrorKind.Data, $"There are {values.Length} lengths for {count} samples.", path,
                "give one whole number a sample");
        }
        var lengths = new int[count];
        for (int i = 0; i < count; i++)
        {
            if (!(values[i] >= 1 && values[i] <= steps && values[i] == MathF.Floor(values[i])))
            {
                throw new UserException(ErrorKind.Data, $"The length {values[i].ToString(CultureInfo.InvariantCulture)} is not a whole number from 1 to {steps}, the steps of a sample.",
                    $"{path}, sample {i}", "correct it, or leave the sample out");
            }
            lengths[i] = (int)values[i];
        }
        return lengths;
    }

    private static float[] Tensor(string path, DataFormat format)
    {
        using TensorReader reader = TensorReader.Open(path, format);
        if (reader.SampleShape.ElementCount != 1)
        {
            throw new UserException(ErrorKind.Data, $"Lengths of shape {reader.DeclaredShape} are not one number a sample.", path,
                "store a vector of whole numbers");
        }
        var values = new float[reader.SampleCount];
        reader.ReadNext(values);
        reader.Finish();
        return values;
    }

    private static float[] Lines(string path, int count)
    {
        using var lines = new StreamReader(DataFile.Open(path, out _));
        var values = new List<float>(count);
        try
        {
            for (int number = 1; lines.ReadLine() is { } line; number++)
            {
                string text = line.Trim();
                if (text.Length == 0 && lines.Peek() < 0) break;
                if (!float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value))
                {
                    string shown = text.Length > MostLineLength ? text[..MostLineLength] + "…" : text;
                    throw new UserException(ErrorKind.Data, $"'{shown}' is not a length.", $"{path}:{number}",
                        "write one whole number a line, or an npy file of whole numbers");
                }
                values.Add(value);
            }
        }
        catch (InvalidDataException cause)
        {
            throw DataFile.Damaged(path, cause);
        }
        return [.. values];
    }
}
