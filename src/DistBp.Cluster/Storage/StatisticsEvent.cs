using System.Text.Json;
using DistBp.Learning.Diagnosis;

namespace DistBp.Cluster.Storage;

/// <summary>
/// The event "statistics" of a sampled step: of each parameter its gradient (norm, maximum, share of zeros), its norm and the update's size
/// beside it; of each layer its outputs (norm, root mean square, maximum, share of zeros).
/// </summary>
internal static class StatisticsEvent
{
    public static void Write(EventLog log, StatisticsSample sample) => log.Write("statistics", sample, flush: false, static (json, s) =>
    {
        json.WriteNumber("step"u8, s.Step);
        json.WriteNumber("epoch"u8, s.Epoch);
        json.WriteStartArray("parameters"u8);
        foreach (ParameterFigures parameter in s.Parameters) Write(json, parameter);
        json.WriteEndArray();
        json.WriteStartArray("activations"u8);
        foreach (LayerFigures layer in s.Layers) Write(json, layer);
        json.WriteEndArray();
    });

    private static void Write(Utf8JsonWriter json, ParameterFigures parameter)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, parameter.Name);
        json.WriteDouble("gradientNorm"u8, parameter.GradientNorm);
        json.WriteDouble("gradientMaximum"u8, parameter.GradientMaximum);
        json.WriteDouble("gradientZeros"u8, parameter.ZeroShare);
        json.WriteDouble("norm"u8, parameter.Norm);
        json.WriteDouble("updateRatio"u8, parameter.UpdateRatio);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, LayerFigures layer)
    {
        json.WriteStartObject();
        json.WriteString("layer"u8, layer.Layer);
        json.WriteDouble("norm"u8, layer.Outputs.Norm);
        json.WriteDouble("rootMeanSquare"u8, layer.Outputs.RootMeanSquare);
        json.WriteDouble("maximum"u8, layer.Outputs.Maximum);
        json.WriteDouble("zeros"u8, layer.Outputs.ZeroShare);
        json.WriteEndObject();
    }
}
