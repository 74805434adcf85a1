// What each source file adds to the exports.
#pragma once

#include <napi.h>

void ExportDescriptorCalls(napi_env env, napi_value exports);
void ExportSocketCalls(napi_env env, napi_value exports);
void ExportTransferCalls(napi_env env, napi_value exports);
void ExportMessageCalls(napi_env env, napi_value exports);
void ExportBatchCalls(napi_env env, napi_value exports);
void ExportOptionCalls(napi_env env, napi_value exports);
void ExportTcpInfo(napi_env env, napi_value exports);
void ExportEpoll(napi_env env, napi_value exports);
void ExportKqueue(napi_env env, napi_value exports);
void ExportPoll(napi_env env, napi_value exports);
void ExportSelect(napi_env env, napi_value exports);
void ExportConstants(napi_env env, napi_value exports);
void ExportHostLoop(napi_env env, napi_value exports);
